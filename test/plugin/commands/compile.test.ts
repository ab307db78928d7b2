import {readFileSync} from 'node:fs'
import {describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import {programSchema} from '../../../core/contract/program.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {printIpsetRestore, printIptablesRestore} from '../../../core/linux/compile/print.ts'
import {describeKernel, kernelTest} from '../../support/kernel/describe.ts'
import {loadRules, loadSets, saveRules, saveSets} from '../../support/kernel/load.ts'
import {backends} from '../../support/kernel/tools.ts'
import {heldByNode, heldByProgram, objectsOf} from '../../support/linux/compare-programs.ts'
import {fixture, runCli, screen} from '../../support/plugin/run-cli.ts'

const shop = fixture('real-npm/shop-sha256/cluster.json')
const bank = fixture('real-npm/bank-lite/cluster.json')
const lite = ['-f', bank, '--lite', '--node', 'aks-system-1']

describe('compile', () => {
  test('lists policies, refused ones among them, and tells refusals on stderr', async () => {
    await expect(screen(await runCli(['compile', ...lite]))).toMatchFileSnapshot('../../golden/compile-bank-lite.txt')
  })

  test('tells what decimal names of two policies have in common', async () => {
    const result = await runCli(['compile', '-f', fixture('compile/shared-chain/cluster.json'), '--scheme', 'fnv32a'])
    await expect(screen(result)).toMatchFileSnapshot('../../golden/compile-shared-chain.txt')
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
    expect(ipset?.stdout.trimEnd()).toBe([...printIpsetRestore(program)].join('\n'))
    expect(iptables?.stdout.trimEnd().split('\n')).toEqual([...printIptablesRestore(program)])
  })

  test.each([
    ['real-npm/shop-sha256', []],
    ['real-npm/bank-lite', ['--lite', '--node', 'aks-system-1']],
    ['compile/shared-set', ['--scheme', 'fnv32a', '--chain-first']],
    ['compile/shared-chain', ['--scheme', 'fnv32a', '--semantics', 'kubernetes', '--on-need']],
    ['measured/v1', ['--generation', 'v1', '--scheme', 'fnv32a']],
    ['real-npm/garden-oldmarks', ['--release', 'v1.4.23']],
  ])('%s as JSON is what the schema promises, and YAML says the same', async (folder, flags) => {
    const args = ['compile', '-f', fixture(`${folder}/cluster.json`), ...flags]
    const [json, yaml] = await Promise.all([runCli([...args, '-o', 'json']), runCli([...args, '-o', 'yaml'])])
    const document: unknown = JSON.parse(json.stdout)
    expect(programSchema.parse(document)).toEqual(document)
    expect(parse(yaml.stdout)).toEqual(document)
  })

  test('NPM v1 has the rules of all policies in the same chains', async () => {
    const result = await runCli([
      'compile',
      '-f',
      fixture('measured/v1/cluster.json'),
      '--generation',
      'v1',
      '--scheme',
      'fnv32a',
    ])
    await expect(screen(result)).toMatchFileSnapshot('../../golden/compile-v1.txt')
  })

  test('a release before v1.4.20 is compiled as the NPM v1 that it is without settings', async () => {
    const of = async (...flags: string[]) =>
      (await runCli(['compile', '-f', fixture('captures/v1-nft/cluster.yaml'), '-o', 'iptables', ...flags])).stdout
    expect(await of('--release', 'v1.4.19')).toBe(await of('--generation', 'v1', '--scheme', 'fnv32a'))
    expect(await of('--release', 'v1.4.19', '--generation', 'v2')).toContain('ALLOW-MARK')
  })

  test('NPM Lite of certain releases is told to lose blocks', async () => {
    const {stderr} = await runCli(['compile', ...lite, '--release', 'v1.8.11'])
    expect(stderr).toContain('LITE_BLOCK_OPEN')
  })

  test('flags change the program', async () => {
    const all = [
      'npm sets',
      '--on-need',
      '--scheme=fnv32a',
      '--semantics=kubernetes',
      '--generation=v1',
      '--release=v1.4.14',
      '--release=v1.4.23',
      '--release=v1.4.26',
    ]
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
    {args: ['-f', bank, '--release', 'v1.2.7'], says: '--release v1.2.7: no release of Azure NPM whose rules are known'},
    {args: ['-f', bank, '--release', 'v1.4.2', '--generation', 'v2'], says: '--release v1.4.2 has no NPM v2'},
    {args: ['-f', bank, '--release', 'v1.6.45', '--scheme', 'sha256'], says: 'v1.6.45 does not hash names by sha256'},
    {args: ['-f', bank, '--release', 'v1.4.23', '--semantics', 'kubernetes'], says: 'for the Azure NPM of today only'},
    {args: ['-f', bank, '--generation', 'v1', '--semantics', 'kubernetes'], says: 'for the Azure NPM of today only'},
    {args: ['-f', bank, '--generation', 'v1', '--on-need'], says: 'NPM v1 has no --on-need'},
    {args: [...lite, '--generation', 'v1'], says: 'NPM v1 has no --lite'},
    {args: [...lite, '--release', 'v1.5.50'], says: '--release v1.5.50 has no NPM Lite'},
    {args: ['-f', bank, '-o', 'nft'], says: '--output nft is none of'},
    {args: ['-f', bank, '-o', 'hns', '--generation', 'v1'], says: 'NPM v1 has no Windows nodes'},
  ])('$args cannot be answered', async ({args, says}) => {
    const {stdout, stderr, exitCode} = await runCli(['compile', ...args])
    expect({stdout, exitCode}).toEqual({stdout: '', exitCode: 2})
    expect(stderr).toContain(says)
  })

  test('says what is wrong with the only object there is, and does not answer', async () => {
    const stdin = JSON.stringify({kind: 'Pod', metadata: {name: 'a'}, spec: {containers: [{ports: [{name: 80}]}]}})
    const {stdout, stderr, exitCode} = await runCli(['compile', '-f', '-'], {stdin})
    expect({stdout, exitCode}).toEqual({stdout: '', exitCode: 2})
    expect(stderr).toContain('warning: stdin: Pod at .: the ports of a container are not a list of ports; it is left out')
    expect(stderr).toContain('error: nothing to compile')
  })

  test.each(['Pod', 'NetworkPolicy', 'Namespace'])('is no whole answer without a %s that could not be read', async kind => {
    const metadata = {name: 'a', namespace: 'shop'}
    const good = {kind: 'NetworkPolicy', metadata: {name: 'b', namespace: 'shop'}, spec: {podSelector: {}}}
    const stdin = JSON.stringify({kind: 'List', items: [good, {kind, metadata: {...metadata, labels: 7}}]})
    const {stdout, stderr, exitCode} = await runCli(['compile', '-f', '-', '-o', 'name'], {stdin})
    expect(stdout).toContain('shop/b')
    expect(stderr).toContain('metadata.labels is not a map of texts; it is left out')
    expect(exitCode).toBe(2)
  })

  test('for Windows it is one JSON document of what HNS takes', async () => {
    const {stdout, stderr, exitCode} = await runCli(['compile', '-f', fixture('hns/cluster.json'), '-o', 'hns'])
    expect({stderr, exitCode}).toEqual({stderr: '', exitCode: 0})
    const {network, endpoints} = JSON.parse(stdout) as {network: {Policies: object[]}; endpoints: {pod: string}[]}
    expect(network.Policies).toHaveLength(26)
    expect(endpoints.map(({pod}) => pod)).toEqual(['shop/web-1', 'shop/api-1', 'shop/db-1', 'ops/mon-1'])
  })

  test('help reads as it did', async () => {
    const result = await runCli(['compile', '--help'])
    await expect(screen(result)).toMatchFileSnapshot('../../golden/help-compile.txt')
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
