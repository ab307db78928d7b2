import {cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {readDump} from '../../../core/dump/read-dump.ts'
import {stripObjects} from '../../../core/kubernetes/strip-fields.ts'
import {readFiles} from '../../../plugin/source/read-files.ts'
import {linuxDocuments} from '../../support/linux/documents.ts'
import {filesIn, manifestOf, unpack} from '../../support/plugin/files.ts'
import {fixture, runCli} from '../../support/plugin/run-cli.ts'

/** Dumps that earlier versions wrote, and what becomes of them when they are put together anew. */

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubectl-npm-kept-'))
})
afterAll(() => rmSync(folder, {recursive: true, force: true}))

const verbs: readonly (readonly string[])[] = [
  ['translate', '-o', 'wide'],
  ['sets', '-o', 'wide'],
  ['resolve', 'azure-npm-784554818'],
  ['trace', 'partners/lab-1', 'records/store-0', '--port', '8080'],
  ['matrix', '--ports', '80,8080', '-o', 'csv'],
  ['diff'],
]
const ofBakery: readonly (readonly string[])[] = [
  ['translate', '--node', 'aks-oven-1'],
  ['sets', 'app=oven', '--node', 'aks-oven-1'],
  ['resolve', 'azure-npm-5iu1htjq9hd97m4vb2r9', '--node', 'aks-oven-0'],
  ['trace', 'storefront/till-0', 'bakery/oven-1', '--port', '8080'],
  ['matrix', '--ports', '8080', '--node', 'aks-oven-0'],
  ['diff', '--node', 'aks-oven-1'],
]

/** Archives of a dump by a tar that is not ours, with and without a folder around it. */
const archives: readonly {name: string; pack: (from: string, to: string) => Promise<unknown>}[] = [
  {name: 'packed by tar', pack: (from, to) => execa('tar', ['-czf', to, '-C', from, '.'])},
  {name: 'packed by tar with its folder', pack: (from, to) => execa('tar', ['-czf', to, '-C', join(from, '..'), 'clinic'])},
  {name: 'put into another folder', pack: async (from, to) => cpSync(from, join(to, 'a', 'b'), {recursive: true})},
  {name: 'by dump --from, as an archive', pack: (from, to) => runCli(['dump', '--from', from, '-o', to])},
  {name: 'by dump --from, as a folder', pack: (from, to) => runCli(['dump', '--from', from, '-o', to.replace('.tgz', '')])},
]

/** All that is read, but for names of files and what makes the dump another one. */
async function read(path: string) {
  const {documents} = await readFiles([path])
  const {nodes, problems} = await readDump(documents)
  expect(nodes).toHaveLength(1)
  return {
    nodes: nodes.map(linuxDocuments).map(({saved, ...node}) => ({
      ...node,
      // Put together anew, a dump keeps what policies depend on.
      cluster: node.cluster && stripObjects(node.cluster),
      dumpId: undefined,
      metricPages: node.metricPages?.map(({text}) => text),
      backend: saved?.save.backend,
      hasAllTables: saved?.save.hasAllTables,
      tables: [...(saved?.save.tables ?? [])].map(([name, {chains}]) => [
        name,
        [...chains].map(([chain, {line, blocks}]) => [chain, line, blocks]),
      ]),
    })),
    problems,
  }
}

describe('a dump of format 1', () => {
  test.each(verbs.map(words => ({words})))('in a folder: $words.0 says what it says of the capture', async ({words}) => {
    const [kept, capture] = [fixture('dump-v1/clinic'), fixture('real-npm/clinic-fnv')]
    const said = await runCli([...words, '--from', kept])
    expect(said).toEqual(await runCli([...words, '--from', capture]))
    expect(said.stdout.length).toBeGreaterThan(50)
    // Only one node of its cluster is there.
    expect(said.stderr).toMatch(words[0] === 'matrix' ? /^warning: \d+ pods run on nodes that are not in the input/ : /^$/)
    expect(said.exitCode).toBeLessThan(2)
  })

  test.each(ofBakery.map(words => ({words})))('in an archive: $words.0 says what it says of the captures', async ({words}) => {
    const said = await runCli([...words, '--from', fixture('dump-v1/bakery.tgz')])
    expect(said).toEqual(await runCli([...words, '--from', fixture('two-nodes')]))
    expect(said.stdout.length).toBeGreaterThan(50)
    expect(said.exitCode).toBeLessThan(2)
  })

  test.each(archives)('$name says the same', async ({name, pack}) => {
    const to = join(folder, `${archives.findIndex(each => each.name === name)}.tgz`)
    await pack(fixture('dump-v1/clinic'), to)
    const from = name.endsWith('a folder') ? to.replace('.tgz', '') : to
    const words = verbs[archives.findIndex(each => each.name === name)] as readonly string[]
    expect(await runCli([...words, '--from', from])).toEqual(await runCli([...words, '--from', fixture('dump-v1/clinic')]))
    expect(await read(from)).toEqual(await read(fixture('dump-v1/clinic')))
  })

  test('is the same dump after it was put together anew, but for what says that it was', async () => {
    const target = join(folder, 'again')
    await runCli(['dump', '--from', fixture('dump-v1/bakery.tgz'), '-o', target])
    const [before, after] = [await unpack(fixture('dump-v1/bakery.tgz'), join(folder, 'before')), filesIn(target)]
    expect([...after.keys()]).toEqual([...before.keys()])
    const {id: oldId, ...was} = manifestOf(before)
    const {id, ...is} = manifestOf(after)
    expect(is).toEqual(was)
    expect(id).not.toBe(oldId)
    for (const [path, bytes] of before)
      if (!/^(?:dump\.json|collection\.log|cluster\.json)$/.test(path)) expect(after.get(path)).toEqual(bytes)
    // Of objects it keeps what policies depend on, so that nothing is left to take out the next time.
    expect((before.get('cluster.json')?.length ?? 0) - (after.get('cluster.json')?.length ?? 0)).toBeGreaterThan(1000)
    await runCli(['dump', '--from', target, '-o', join(folder, 'third')])
    expect(filesIn(join(folder, 'third')).get('cluster.json')).toEqual(after.get('cluster.json'))
    const log = (files: ReadonlyMap<string, Buffer>) => files.get('collection.log')?.toString() ?? ''
    expect(log(after)).toMatch(/^\S+ {2}kubectl npm \S+: put together from files\n {2}cluster\.json: of objects, .*\n\n/)
    expect(log(after).endsWith(log(before))).toBe(true)
  })

  test('of one node of two is that of this node', async () => {
    const target = join(folder, 'one')
    for (const choice of [
      ['--node', 'aks-oven-1'],
      ['--pod', 'bakery/oven-1'],
    ]) {
      const said = await runCli(['dump', '--from', fixture('dump-v1/bakery.tgz'), ...choice, '-o', target, '--force'])
      expect(said.exitCode).toBe(0)
      expect(manifestOf(filesIn(target)).nodes.map(({name}) => name)).toEqual(['aks-oven-1'])
    }
  })
})

describe('a dump of a format that is newer', () => {
  test.each([['translate'], ['diff'], ['dump', '-o', 'out']])(
    '%s reads it as far as it can, and says that it is newer',
    async (...words) => {
      const newer = join(folder, 'newer')
      cpSync(fixture('dump-v1/clinic'), newer, {recursive: true})
      const manifest = JSON.parse(readFileSync(join(newer, 'dump.json'), 'utf8')) as object
      writeFileSync(join(newer, 'dump.json'), JSON.stringify({...manifest, formatVersion: 2, version: '3.0.0'}))
      const args = words.map(word => (word === 'out' ? join(folder, 'from-newer') : word))
      const {stderr, exitCode} = await runCli([...args, '--from', newer])
      expect(stderr).toMatch(
        /^warning: .*dump\.json: the dump has format 2 of a newer kubectl npm \(3\.0\.0\); this one knows formats up to 1/,
      )
      expect(stderr).toContain('Read the dump with a kubectl npm that is at least as new.')
      expect(exitCode).toBe(0)
    },
  )
})
