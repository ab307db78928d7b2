import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {describe, expect, test} from 'vitest'
import {readDump} from '../../../../core/dump/read-dump.ts'
import {objectKey} from '../../../../core/kubernetes/objects.ts'
import {readClusterObjects} from '../../../../core/kubernetes/read-objects.ts'
import {translate} from '../../../support/translate.ts'

/**
 * Dumps that Azure NPM itself programmed, beside the names it gave: every name we recover must be the one it used,
 * whatever part of the dump we are shown.
 */

const folder = new URL('../../../fixtures/real-npm/', import.meta.url)
const nodes = readdirSync(folder).filter(name => existsSync(new URL(`${name}/sets.json`, folder)))

interface TrueSet {
  readonly name: string
  readonly type: string
}

function documents(node: string, files: readonly string[]) {
  return files
    .filter(file => existsSync(new URL(`${node}/${file}`, folder)))
    .map(name => ({name, folder: '', text: [readFileSync(new URL(`${node}/${name}`, folder), 'utf8')]}))
}

const trueSets = (node: string): Record<string, TrueSet> => JSON.parse(readFileSync(new URL(`${node}/sets.json`, folder), 'utf8'))

const RULES = ['iptables-save.txt', 'ipset-save.txt']
const sources: {what: string; files: string[]; isComplete: boolean}[] = [
  {what: 'rule comments', files: RULES, isComplete: false},
  {what: 'cluster objects', files: [...RULES, 'cluster.json'], isComplete: true},
  {what: 'cluster objects without rules', files: ['ipset-save.txt', 'cluster.json'], isComplete: true},
  {what: "NPM's debug cache", files: ['ipset-save.txt', 'manager.json'], isComplete: true},
  {what: "NPM's metrics page", files: ['ipset-save.txt', 'cluster-metrics.txt'], isComplete: false},
]

describe.each(nodes)('%s', node => {
  // NPM v1.4.23 answers 404 where later ones give their cache.
  const given = sources.filter(({files}) => documents(node, files).length === files.length)

  test.each(given)('names from $what are the true ones', async ({files, isComplete}) => {
    const {nodes: dumps} = await readDump(documents(node, files))
    const {sets} = translate(dumps[0] as (typeof dumps)[number])
    const truth = trueSets(node)
    const known = sets.filter(({name}) => name !== 'unknown')
    expect(known.length).toBeGreaterThan(10)
    expect(Object.fromEntries(known.map(({set, name}) => [set, name]))).toEqual(
      Object.fromEntries(known.map(({set}) => [set, truth[set]?.name])),
    )
    for (const {set, type} of known) expect({set, type}).toEqual({set, type: truth[set]?.type})
    // What objects that are gone have left behind is empty; nothing names it any more.
    const unknown = sets.filter(({name}) => name === 'unknown')
    if (isComplete) expect(unknown.flatMap(({members}) => members)).toEqual([])
  })

  test('every policy that the cluster has and NPM took is told, and no other', async () => {
    const {nodes: dumps} = await readDump(documents(node, RULES))
    const {policies} = translate(dumps[0] as (typeof dumps)[number])
    const {objects} = readClusterObjects(JSON.parse(readFileSync(new URL(`${node}/cluster.json`, folder), 'utf8')))
    const told = new Set(policies.map(({policy}) => policy))
    // NPM Lite refuses peers that are no blocks, and named ports.
    const refused = node === 'bank-lite' ? ['teller/queue', 'mail/named'] : []
    const asked = objects.policies.map(objectKey).filter(policy => !refused.includes(policy))
    expect([...told].toSorted()).toEqual(asked.toSorted())
  })
})
