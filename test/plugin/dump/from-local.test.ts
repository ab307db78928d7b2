import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterEach, beforeEach, expect, test} from 'vitest'
import {kubectlNpm} from '../../support/built-programs.ts'
import {describeKernel, kernelTest} from '../../support/kernel/describe.ts'
import {loadRules, loadSets, saveSets} from '../../support/kernel/load.ts'
import type {Namespace} from '../../support/kernel/namespace.ts'
import {backends} from '../../support/kernel/tools.ts'
import {filesIn, manifestOf} from '../../support/plugin/files.ts'
import {fixture, runCli} from '../../support/plugin/run-cli.ts'
import {program} from '../../support/programs/program.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubectl-npm-local-'))
})
afterEach(() => rmSync(folder, {recursive: true, force: true}))

const run = (namespace: Namespace, words: readonly string[], env: readonly string[] = []) =>
  namespace.run('env', ['NODE_NAME=aks-1', ...env, process.execPath, kubectlNpm, ...words], {allowFailure: true})

describeKernel('dump --local', () => {
  for (const backend of backends)
    kernelTest(`of ${backend} holds what the kernel holds, and verbs say of it what they say of the kernel`, async namespace => {
      const {sets, rules} = program('v2-base36')
      await loadSets(namespace, sets)
      await loadRules(namespace, backend, rules)
      const target = join(folder, 'out')
      const said = await run(namespace, ['dump', '--local', '-o', target])
      expect(said).toEqual({stdout: `${target}\n`, stderr: '', exitCode: 0})
      const files = filesIn(target)
      expect(files.get('nodes/aks-1/ipset-save.txt')?.toString()).toBe(await saveSets(namespace))
      const {nodes, failures} = manifestOf(files)
      expect(failures).toEqual([])
      expect(nodes).toMatchObject([{name: 'aks-1', takenAt: expect.any(String)}])
      expect(nodes[0]).not.toHaveProperty('given')
      expect(nodes[0]?.documents).toContain(`iptables-${backend}-save.txt`)
      expect(files.get('nodes/aks-1/versions.txt')?.toString()).toMatch(/^ipset version: ipset v\d/m)
      const log = files.get('collection.log')?.toString() ?? ''
      expect(log).toMatch(/^node aks-1: this machine$/m)
      expect(log).toMatch(/^ {2}ipset-save\.txt +\d+ ms {2}ok {6}ipset save$/m)
      const cluster = ['--from', fixture(`captures/v2-base36-${backend}/cluster.yaml`)]
      const kept = await runCli(['translate', '--from', target, ...cluster])
      const live = await run(namespace, ['translate', '--local', ...cluster])
      expect(live.stdout).toContain('bakery/oven  Ingress')
      const policies = (text: string) => text.slice(text.indexOf('\n\n'), text.indexOf('\nBase chains'))
      expect(policies(kept.stdout)).toBe(policies(live.stdout))
    })

  kernelTest('without ipset is a dump that says so', async namespace => {
    const target = join(folder, 'out')
    // A path on which only Node and iptables are.
    const bin = join(folder, 'bin')
    await execa('mkdir', [bin])
    const {stdout: save} = await execa('sh', ['-c', 'command -v iptables-nft-save'])
    await execa('ln', ['-s', save, bin])
    const {exitCode, stderr} = await run(namespace, ['dump', '--local', '-o', target], [`PATH=${bin}`])
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/^error: aks-1: ipset-save\.txt: .*ipset/m)
    const {failures, nodes} = manifestOf(filesIn(target))
    expect(failures.map(({document}) => document)).toEqual(
      expect.arrayContaining(['ipset-save.txt', 'ipset-list.txt', 'conntrack-count.txt']),
    )
    expect(nodes[0]?.documents).toContain('iptables-nft-save.txt')
    expect((await runCli(['translate', '--from', target])).stderr).toContain('when the dump was taken: ipset-save.txt')
  })
})

test.skipIf(process.getuid?.() !== 0)('dump --local is for root', async () => {
  const script = `process.setuid(65534); process.argv.splice(1, 9, 'kubectl-npm', 'dump', '--local', '-o', '/tmp/never'); await import(${JSON.stringify(kubectlNpm)})`
  const {stderr, exitCode} = await execa(process.execPath, ['--input-type=module', '-e', script], {reject: false})
  expect(stderr).toBe('error: --local reads the kernel, which only root may do\n  Run it with sudo.')
  expect(exitCode).toBe(2)
})
