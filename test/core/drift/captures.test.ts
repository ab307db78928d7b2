import {describe, expect, test} from 'vitest'
import {compareNode, openComparison} from '../../../core/drift/compare-node.ts'
import type {CompileOptions} from '../../../core/policy/program.ts'
import {dumpOf, fixtureText} from '../../support/read-capture.ts'

/** What Azure NPM or we programmed for known objects must be clean, and be taken for what it is. */
interface Capture {
  readonly folder: string
  readonly rules?: string
  /** What the node tells of its Azure NPM. */
  readonly options: Partial<CompileOptions>
  readonly isLite?: boolean
  readonly notes?: readonly string[]
}

const fnv32a = {scheme: 'fnv32a'} as const
const sha256 = {scheme: 'sha256'} as const
const v1 = {...fnv32a, generation: 'v1'} as const

const captures: readonly Capture[] = [
  ...['v2-base36-nft', 'v2-base36-legacy', 'inactive-nft'].map(name => ({folder: `captures/${name}`, options: sha256})),
  ...['v2-decimal-nft', 'v2-decimal-legacy'].map(name => ({folder: `captures/${name}`, options: fnv32a})),
  ...['v1-nft', 'v1-legacy'].map(name => ({folder: `captures/${name}`, options: v1})),
  ...['nft', 'legacy'].flatMap(backend =>
    [
      {folder: 'measured/base36', options: sha256},
      {folder: 'measured/decimal', options: fnv32a},
      {folder: 'measured/inactive', options: sha256},
      {folder: 'measured/kube-proxy', options: fnv32a},
      {folder: 'measured/v1', options: v1},
    ].map(capture => ({...capture, rules: `iptables-${backend}-save.txt`})),
  ),
  ...['shop-sha256', 'freight-legacy', 'school-before'].map(name => ({folder: `real-npm/${name}`, options: sha256})),
  {folder: 'real-npm/clinic-fnv', options: fnv32a},
  {
    folder: 'real-npm/garden-oldmarks',
    options: {...fnv32a, release: 'v1.4.21'},
    notes: ['the node was programmed by an Azure NPM from v1.4.21 to v1.4.23'],
  },
]

describe.each(captures)('$folder $rules', ({folder, rules = 'iptables-save.txt', options, notes = []}) => {
  const read = () =>
    dumpOf(
      ...[rules, 'ipset-save.txt', `cluster.${folder.startsWith('captures/') ? 'yaml' : 'json'}`].map(file =>
        fixtureText(`${folder}/${file}`),
      ),
    )

  test('is clean, and taken for what it is', async () => {
    const dump = await read()
    if (!dump.cluster) throw new Error('no cluster')
    const {clean, items, causes, notes: told} = compareNode(dump.cluster, dump, {isProgramOnly: true})
    expect({clean, items, causes}).toEqual({clean: true, items: [], causes: []})
    expect(compareNode(dump.cluster, dump).causes).toEqual([])
    expect(told.filter(note => note.includes('programmed by'))).toEqual(notes)
    expect(openComparison(dump.cluster, dump).program.options).toEqual({...options, semantics: 'npm'})
  })

  test('is clean from rules alone, too', async () => {
    const {cluster, completeness} = await read()
    const dump = await dumpOf(fixtureText(`${folder}/${rules}`))
    if (!cluster || completeness.rules === 'absent') throw new Error('no cluster or no rules')
    expect(compareNode(cluster, dump).items).toEqual([])
  })
})
