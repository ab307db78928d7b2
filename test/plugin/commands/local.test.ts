import {existsSync, mkdtempSync, rmSync, symlinkSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {expect, test} from 'vitest'
import {kubectlNpm, npmAgent} from '../../support/built-programs.ts'
import {describeKernel, kernelTest} from '../../support/kernel/describe.ts'
import {loadRules, loadSets} from '../../support/kernel/load.ts'
import type {Namespace} from '../../support/kernel/namespace.ts'
import {backends} from '../../support/kernel/tools.ts'
import {fixture, runCli} from '../../support/plugin/run-cli.ts'
import {program, type Variant} from '../../support/programs/program.ts'

const local = (namespace: Namespace, args: readonly string[]) => namespace.run(process.execPath, [kubectlNpm, ...args, '--local'])

/** What is said of the policies, without counters and what differs by source. */
const policies = (text: string) => text.slice(text.indexOf('\n\n'), text.indexOf('\nBase chains'))

describeKernel('--local on the real kernel', () => {
  for (const variant of ['v2-base36', 'v2-decimal', 'v1'] as const satisfies Variant[])
    for (const backend of backends)
      kernelTest(`${variant} in ${backend} reads as its dump does`, async namespace => {
        const {sets, rules} = program(variant)
        await loadSets(namespace, sets)
        await loadRules(namespace, backend, rules)
        // Names come from the comments and from the cluster's objects beside the kernel.
        const cluster = fixture(`captures/${variant}-${backend}/cluster.yaml`)
        const {stdout} = await local(namespace, ['translate', '--from', cluster])
        const kept = await runCli(['translate', '--from', fixture(`captures/${variant}-${backend}`)])
        expect(stdout).toContain(`iptables ${backend}`)
        expect(stdout).toContain('Active: rule 4 of FORWARD')
        expect(policies(stdout)).toBe(policies(kept.stdout))
        expect(policies(stdout)).toContain('bakery/oven  Ingress')
      })

  kernelTest('an empty namespace has no Azure NPM, and says so', async namespace => {
    const {stdout, stderr} = await local(namespace, ['translate'])
    expect(stdout).toContain('Azure NPM has no chain here: it enforces nothing on this node.')
    expect(stderr).toContain('no chain of Azure NPM')
  })

  kernelTest('sets show the members that are in the kernel now', async namespace => {
    await loadSets(namespace, program('v2-base36').sets)
    await namespace.run('ipset', ['add', 'azure-npm-1ny461rc434tlsygx8et', '192.0.2.77'])
    const {stdout} = await local(namespace, ['sets', 'ns-bakery', '--from', fixture('captures/v2-base36-nft/cluster.yaml')])
    expect(stdout).toContain('192.0.2.77')
    expect(stdout).toContain('10.60.0.10  bakery/oven-0')
  })

  kernelTest('npm-agent read writes a folder that --from reads', async namespace => {
    const {sets, rules} = program('v2-base36')
    await loadSets(namespace, sets)
    await loadRules(namespace, 'nft', rules)
    const folder = mkdtempSync(join(tmpdir(), 'kubectl-npm-read-'))
    try {
      await namespace.run(process.execPath, [npmAgent, 'read', folder])
      const {stdout} = await runCli(['translate', '--from', folder])
      expect(policies(stdout)).toContain('bakery/oven  Ingress  pods app=oven in namespace bakery')
    } finally {
      rmSync(folder, {recursive: true})
    }
  })

  kernelTest('without ipset on the machine the rules are still told', async namespace => {
    await loadSets(namespace, program('v2-base36').sets)
    await loadRules(namespace, 'nft', program('v2-base36').rules)
    const tools = mkdtempSync(join(tmpdir(), 'kubectl-npm-tools-'))
    try {
      const found = ['/usr/sbin/iptables-nft-save', '/sbin/iptables-nft-save'].find(path => existsSync(path)) as string
      symlinkSync(found, join(tools, 'iptables-nft-save'))
      const {stdout, stderr} = await namespace.run('env', [`PATH=${tools}`, process.execPath, kubectlNpm, 'translate', '--local'])
      expect(stdout).toContain('bakery/oven  Ingress  pods app=oven in namespace bakery')
      expect(stderr).toContain('ipset save: ipset is not installed')
    } finally {
      rmSync(tools, {recursive: true})
    }
  })
})

test('--local is refused to others than root, in words', async () => {
  // A process of another user; where we are that other user already, as we are.
  const isRoot = process.getuid?.() === 0
  const {stderr, exitCode} = await execa(process.execPath, [kubectlNpm, 'translate', '--local'], {
    reject: false,
    ...(isRoot && {uid: 65534, gid: 65534}),
  })
  expect(stderr).toContain('--local reads the kernel, which only root may do')
  expect(exitCode).toBe(2)
})
