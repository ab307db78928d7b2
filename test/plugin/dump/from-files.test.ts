import {cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import {readFiles} from '../../../plugin/source/read-files.ts'
import {saveOf} from '../../support/linux/documents.ts'
import {filesIn, manifestOf} from '../../support/plugin/files.ts'
import {fixture, runCli} from '../../support/plugin/run-cli.ts'
import {driftOf, matrixOf, translationOf, unchanged} from '../../support/redact/answers.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubectl-npm-from-'))
})
afterEach(() => rmSync(folder, {recursive: true, force: true}))

async function dump(...args: string[]) {
  const target = join(folder, 'out')
  const said = await runCli(['dump', '-o', target, ...args])
  return {...said, files: said.exitCode === 2 ? new Map<string, Buffer>() : filesIn(target), target}
}
const from = (...paths: string[]) => paths.flatMap(path => ['--from', fixture(path)])

/** What the verbs say of the only node in a folder, but for names of files. */
async function answersOf(path: string) {
  const {documents} = await readFiles([path])
  const {nodes, problems} = await readDump(documents)
  expect(nodes).toHaveLength(1)
  const [node] = nodes as [NodeState]
  const told = {
    node: node.node,
    hasAllTables: saveOf(node)?.hasAllTables,
    hasMembers: node.hasMembers,
    metrics: node.metricNames,
    cache: node.cache,
    problems: [...problems, ...node.problems].map(({message}) => message),
    translation: translationOf(node, unchanged),
    matrix: matrixOf(node, unchanged),
    drift: driftOf(node, unchanged),
  }
  return JSON.parse(JSON.stringify(told).replaceAll(/[^"\s]*(?:ip|cluster)[\w-]*\.(?:txt|json|yaml)/g, 'FILE')) as object
}

describe('single files as a dump', () => {
  test.each([
    'captures/v1-legacy',
    'captures/mixed-nft',
    'captures/empty-nft',
    'real-npm/freight-legacy',
    'measured/decimal',
    'drifted',
  ])('all verbs say of %s what they say of its files', async capture => {
    const {exitCode, target} = await dump(...from(capture))
    expect(exitCode).toBe(0)
    expect(await answersOf(target)).toEqual(await answersOf(fixture(capture)))
  })

  test('have the names of a dump, and are marked as given', async () => {
    const {files, stdout, stderr} = await dump(...from('captures/v1-legacy/iptables-save.txt', 'captures/v1-legacy/cluster.yaml'))
    expect([...files.keys()]).toEqual(['cluster.json', 'collection.log', 'dump.json', 'nodes/unknown/iptables-legacy-save.txt'])
    const {nodes} = manifestOf(files)
    expect(nodes).toEqual([
      {
        name: 'unknown',
        folder: 'nodes/unknown',
        documents: ['iptables-legacy-save.txt'],
        given: ['iptables-legacy-save.txt'],
      },
    ])
    expect([stdout, stderr]).toEqual([`${join(folder, 'out')}\n`, ''])
  })

  test('of several nodes keep them apart', async () => {
    const {files} = await dump(...from('two-nodes'))
    expect(manifestOf(files).nodes.map(({name, folder: at}) => [name, at])).toEqual([
      ['aks-oven-0', 'nodes/aks-oven-0'],
      ['aks-oven-1', 'nodes/aks-oven-1'],
    ])
  })

  test('two moments of one node are two nodes of the dump', async () => {
    cpSync(fixture('dump-v1/clinic'), join(folder, 'later'), {recursive: true})
    const {files} = await dump(...from('dump-v1/clinic'), '--from', join(folder, 'later'))
    expect(manifestOf(files).nodes.map(({folder: at}) => at)).toEqual(['nodes/aks-system-1', 'nodes/aks-system-1.2'])
    expect(files.get('nodes/aks-system-1.2/ipset-save.txt')).toEqual(files.get('nodes/aks-system-1/ipset-save.txt'))
  })

  test('nodes whose names are too long for a folder, or differ by case only, keep their names', async () => {
    const names = ['n'.repeat(300), `${'n'.repeat(299)}m`, 'aks', 'AKS']
    mkdirSync(join(folder, 'in'))
    const nodes = names.map((name, index) => ({name, folder: `nodes/${index}`, documents: []}))
    writeFileSync(
      join(folder, 'in/dump.json'),
      JSON.stringify({apiVersion: 'kubectl-npm/v1', kind: 'Dump', formatVersion: 1, nodes}),
    )
    for (const [index, name] of names.entries()) {
      mkdirSync(join(folder, `in/nodes/${index}`), {recursive: true})
      writeFileSync(join(folder, `in/nodes/${index}/ipset-save.txt`), `create azure-npm-${name.length} hash:net\n`)
    }
    const {exitCode, target, files} = await dump('--from', join(folder, 'in'))
    expect(exitCode).toBe(0)
    expect(new Set(manifestOf(files).nodes.map(({folder: at}) => at.toLowerCase())).size).toBe(4)
    const read = await readDump((await readFiles([target])).documents)
    expect(read.nodes.map(({node}) => node).toSorted()).toEqual(names.toSorted())
  })

  test('objects keep what policies depend on, and the log says what was left out', async () => {
    const pod = {kind: 'Pod', metadata: {name: 'web', namespace: 'shop', annotations: {token: 'hunter2'}}, spec: {}}
    const items = [
      pod,
      {kind: 'Secret', metadata: {name: 's'}, data: {password: 'hunter2'}},
      {kind: 'ConfigMap', metadata: {name: 'c'}},
    ]
    writeFileSync(join(folder, 'all.json'), JSON.stringify({kind: 'List', items}))
    const {files, exitCode} = await dump('--from', join(folder, 'all.json'))
    expect(exitCode).toBe(0)
    expect(JSON.parse(String(files.get('cluster.json'))).items).toEqual([
      {apiVersion: 'v1', kind: 'Pod', metadata: {name: 'web', namespace: 'shop'}, spec: {}, status: {}},
    ])
    for (const content of files.values()) expect(content.toString()).not.toContain('hunter2')
    expect(files.get('collection.log')?.toString()).toContain(
      'cluster.json: of objects, fields that policies do not depend on are left out (annotations, environment, images, …), ' +
        'and objects of other kinds: 1 Secret, 1 ConfigMap',
    )
  })

  test('objects alone are a dump, too', async () => {
    const {files, target} = await dump(...from('captures/v2-base36-nft/cluster.yaml'))
    expect([...files.keys()]).toEqual(['cluster.json', 'collection.log', 'dump.json'])
    const trace = (path: string) => runCli(['trace', 'lab/taster-0', 'bakery/oven-0', '--port', '8080', '--from', path])
    expect(await trace(target)).toEqual(await trace(fixture('captures/v2-base36-nft/cluster.yaml')))
  })

  test('what no dump has a place for is left out, and told', async () => {
    mkdirSync(join(folder, 'in'))
    writeFileSync(join(folder, 'in/letter.txt'), 'dear')
    writeFileSync(join(folder, 'in/rules.txt'), '*filter\n:AZURE-NPM - [0:0]\nCOMMIT\n')
    writeFileSync(join(folder, 'in/versions.txt'), 'ipset v7\n')
    const {files, exitCode} = await dump('--from', join(folder, 'in'))
    expect([...files.keys()].filter(path => path.startsWith('nodes'))).toEqual([
      'nodes/unknown/iptables-nft-save.txt',
      'nodes/unknown/versions.txt',
    ])
    expect(files.get('collection.log')?.toString()).toMatch(/in\/letter\.txt: left out/)
    expect(exitCode).toBe(0)
  })
})

describe('no dump is made', () => {
  test.each([
    {name: 'of nothing', args: [...from('README.md')], told: /--from .*README\.md: no such file/},
    {
      name: 'of what is nothing',
      args: [...from('captures/README.md')],
      told: /nothing to keep: no rules, sets or cluster objects/,
    },
    {
      name: 'of a node that is not there',
      args: [...from('two-nodes'), '--node', 'x'],
      told: /no such node\n {2}It holds: aks-oven-0, aks-oven-1/,
    },
    {name: 'of a pod that is nowhere', args: [...from('two-nodes'), '--pod', 'a/b'], told: /does not tell on which node/},
    {name: 'of labels of nodes', args: [...from('two-nodes'), '-l', 'a=b'], told: /-l chooses nodes of a cluster/},
    {name: 'of files and this machine', args: [...from('two-nodes'), '--local'], told: /--local.*--from|--from.*--local/s},
    {
      name: 'when it is not known which file is meant',
      args: [...from('captures/v1-nft/ipset-save.txt', 'captures/v1-legacy/ipset-save.txt')],
      told: /ipset-save\.txt and .*ipset-save\.txt would both be ipset-save\.txt of node unknown/,
    },
    {name: 'without any source', args: [], told: /no source: nothing says what to read/},
  ])('$name', async ({args, told}) => {
    const {stderr, exitCode, stdout} = await dump(...args)
    expect(stderr).toMatch(told)
    expect([exitCode, stdout]).toEqual([2, ''])
  })

  test('where one is already', async () => {
    const first = await dump(...from('two-nodes'))
    const second = await dump(...from('drifted'))
    expect(second.stderr).toContain('it is there already\n  Give another name, or overwrite it with --force.')
    expect(second.exitCode).toBe(2)
    expect(filesIn(first.target)).toEqual(first.files)
    expect((await dump(...from('drifted'), '--force')).exitCode).toBe(0)
  })
})
