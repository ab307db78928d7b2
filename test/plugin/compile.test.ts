import {readFileSync} from 'node:fs'
import {describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import {programSchema} from '../../core/contract/program.ts'
import {compile} from '../../core/policy/compile.ts'
import {printIpsetRestore, printIptablesRestore} from '../../core/policy/print.ts'
import {heldByNode, heldByProgram, objectsOf} from '../core/policy/compare.ts'
import {describeKernel, kernelTest} from '../kernel/describe.ts'
import {loadRules, loadSets, saveRules, saveSets} from '../kernel/load.ts'
import {backends} from '../kernel/tools.ts'
import {fixture, runCli, screen} from './run-cli.ts'

const shop = fixture('real-npm/shop-sha256/cluster.json')
const bank = fixture('real-npm/bank-lite/cluster.json')
const lite = ['-f', bank, '--lite', '--node', 'aks-system-1']

describe('compile', () => {
  test('lists policies, refused ones among them, and tells refusals on stderr', async () => {
    await expect(screen(await runCli(['compile', ...lite]))).toMatchFileSnapshot('../golden/compile-bank-lite.txt')
  })

  test('tells what decimal names of two policies have in common', async () => {
    const result = await runCli(['compile', '-f', fixture('compile/shared-chain/cluster.json'), '--scheme', 'fnv32a'])
    await expect(screen(result)).toMatchFileSnapshot('../golden/compile-shared-chain.txt')
  })

  test('reads YAML, folders, several files and standard input', async () => {
    const list = readFileSync(shop, 'utf8')
    const ways = [
      await runCli(['compile', '-f', shop, '-o', 'ipset']),
      await runCli(['compile', '-f', '-', '-o', 'ipset'], {stdin: list}),
      await runCli(['compile', '-f', fixture('real-npm/shop-sha256'), '-o', 'ipset']),
      await runCli(['compile', '-f', shop, '-f', shop, '-o', 'ipset']),
    ]
    for (const {stdout, stderr, exitCode} of ways) {
      expect({stderr, exitCode}).toEqual({stderr: '', exitCode: 0})
      expect(stdout).toBe(ways[0]?.stdout)
    }
    const yaml = await runCli(['compile', '-f', fixture('captures/v2-base36-nft/cluster.yaml')])
    expect(yaml).toMatchObject({stderr: '', exitCode: 0})
  })

  test('prints for ipset and iptables what core prints', async () => {
    const program = compile(objectsOf('real-npm/shop-sha256/cluster.json'), {scheme: 'sha256', semantics: 'npm'})
    const [ipset, iptables] = await Promise.all(
      ['ipset', 'iptables'].map(output => runCli(['compile', '-f', shop, '-o', output])),
    )
    expect(ipset?.stdout.trimEnd().split('\n')).toEqual([...printIpsetRestore(program)])
    expect(iptables?.stdout.trimEnd().split('\n')).toEqual([...printIptablesRestore(program)])
  })

  test.each([
    ['real-npm/shop-sha256', []],
    ['real-npm/bank-lite', ['--lite', '--node', 'aks-system-1']],
    ['compile/shared-set', ['--scheme', 'fnv32a', '--chain-first']],
    ['compile/shared-chain', ['--scheme', 'fnv32a', '--semantics', 'kubernetes', '--on-need']],
  ])('%s as JSON is what the schema promises, and YAML says the same', async (folder, flags) => {
    const args = ['compile', '-f', fixture(`${folder}/cluster.json`), ...flags]
    const [json, yaml] = await Promise.all([runCli([...args, '-o', 'json']), runCli([...args, '-o', 'yaml'])])
    const document: unknown = JSON.parse(json.stdout)
    expect(programSchema.parse(document)).toEqual(document)
    expect(parse(yaml.stdout)).toEqual(document)
  })

  test('flags change the program', async () => {
    const all = ['npm sets', '--on-need', '--scheme=fnv32a', '--semantics=kubernetes']
    const outputs = new Set<string>()
    for (const flag of all) {
      const flags = flag.startsWith('--') ? [flag] : []
      const args = ['compile', '-f', fixture('captures/v2-base36-nft/cluster.yaml'), ...flags]
      outputs.add((await runCli([...args, '-o', 'ipset'])).stdout + (await runCli([...args, '-o', 'iptables'])).stdout)
    }
    expect(outputs.size).toBe(all.length)
  })

  test.each([
    {args: ['-f', '/nowhere'], says: '-f /nowhere: no such file or folder'},
    {args: ['-f', '-'], says: 'nothing to compile: no Kubernetes objects were found'},
    {args: ['-f', fixture('real-npm/shop-sha256/ipset-save.txt')], says: 'nothing to compile: no Kubernetes objects were found'},
    {args: ['-f', bank, '--lite'], says: '--lite needs --node NAME'},
    {args: [...lite, '--semantics', 'kubernetes'], says: '--lite does not go with --semantics kubernetes'},
    {args: ['-f', bank, '-o', 'hns'], says: 'Expected --output=hns to be one of'},
  ])('$args cannot be answered', async ({args, says}) => {
    const {stdout, stderr, exitCode} = await runCli(['compile', ...args])
    expect({stdout, exitCode}).toEqual({stdout: '', exitCode: 2})
    expect(stderr).toContain(says)
  })

  test('help reads as it did', async () => {
    const result = await runCli(['compile', '--help'])
    await expect(screen(result)).toMatchFileSnapshot('../golden/help-compile.txt')
  })
})

describeKernel('what compile prints, on the real kernel', () => {
  for (const backend of backends)
    kernelTest(`loads into an empty ${backend} kernel and is the program`, async namespace => {
      const [ipset, iptables] = await Promise.all(
        ['ipset', 'iptables'].map(async output => (await runCli(['compile', '-f', shop, '-o', output])).stdout),
      )
      await loadSets(namespace, ipset ?? '')
      await loadRules(namespace, backend, iptables ?? '')
      const program = compile(objectsOf('real-npm/shop-sha256/cluster.json'), {scheme: 'sha256', semantics: 'npm'})
      expect(heldByNode(await saveSets(namespace), await saveRules(namespace, backend))).toEqual(heldByProgram(program))
    })
})
