import {fc, test} from '@fast-check/vitest'
import {describe, expect} from 'vitest'
import {compareNode} from '../../../core/drift/compare-node.ts'
import type {DumpDocument} from '../../../core/dump/model.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import type {ClusterObjects} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {cluster} from '../../support/arbitrary-cluster.ts'
import {azureNpm} from '../../support/linux/arbitrary-node.ts'
import {linesOf} from '../../support/node-of.ts'

/** A table that a node has besides, and that is printed before the rules of Azure NPM. */
const NAT = ['*nat', ':PREROUTING ACCEPT [0:0]', ':POSTROUTING ACCEPT [0:0]', '-A POSTROUTING -j MASQUERADE', 'COMMIT']

interface Lines {
  readonly rules: readonly string[]
  readonly sets: readonly string[]
}

/** The node as an entry of a dump has it: whole by its name, whatever its content shows. */
async function opened({rules, sets}: Lines, objects: ClusterObjects) {
  const text = (lines: readonly string[]) => [lines.map(line => `${line}\n`).join('')]
  const documents: DumpDocument[] = [
    {name: 'iptables-nft-save.txt', folder: 'node', text: text(rules), kind: 'iptables-save'},
    {name: 'ipset-save.txt', folder: 'node', text: text(sets), kind: 'ipset-save'},
  ]
  const [node] = (await readDump(documents)).nodes
  if (!node) throw new Error('no node')
  return node.with({cluster: objects})
}

const word = (line: string | undefined, at: number): string => line?.split(' ')[at] ?? ''

/** What shows by itself that it is not whole: each names something that the kernel would have, or holds what no tool prints. */
const damages: Readonly<Record<string, (lines: Lines, pick: number) => Lines | undefined>> = {
  'no line creates a set': ({rules, sets}, pick) => {
    const added = sets.filter(line => line.startsWith('add '))
    const name = word(added[pick % added.length], 1)
    return name === '' ? undefined : {rules, sets: sets.filter(line => !line.startsWith(`create ${name} `))}
  },
  'a set that a rule names is missing': ({rules, sets}, pick) => {
    const named = [...rules.join('\n').matchAll(/--match-set (\S+)/g)].map(([, name = '']) => name)
    const name = named[pick % named.length]
    return name === undefined ? undefined : {rules, sets: sets.filter(line => word(line, 1) !== name)}
  },
  'a set that only a list holds is missing': ({rules, sets}, pick) => {
    const lists = new Set(sets.filter(line => line.includes(' list:set ')).map(line => word(line, 1)))
    const held = sets.filter(line => lists.has(word(line, 1)) && line.startsWith('add ')).map(line => word(line, 2))
    const free = held.filter(name => !rules.some(rule => rule.includes(` ${name} `)))
    const name = free[pick % free.length]
    return name === undefined ? undefined : {rules, sets: sets.filter(line => word(line, 1) !== name)}
  },
  'a chain that a rule leads to is missing': ({rules, sets}, pick) => {
    const led = [...rules.join('\n').matchAll(/ -j (AZURE\S+)/g)].map(([, name = '']) => name)
    const name = led[pick % led.length]
    if (name === undefined) return undefined
    return {sets, rules: rules.filter(line => !line.startsWith(`:${name} `) && !line.startsWith(`-A ${name} `))}
  },
  'a line of the sets is garbled': ({rules, sets}, pick) => {
    const at = pick % sets.length
    return sets.length === 0 ? undefined : {rules, sets: sets.with(at, `@%${(sets[at] as string).slice(3)}`)}
  },
  'the text ends in an earlier table': ({rules, sets}) => ({sets, rules: rules.slice(0, rules.indexOf('COMMIT') - 1)}),
  'the table is there twice': ({rules, sets}) => ({sets, rules: [...rules, ...rules]}),
}

/** The same sets as `ipset list` prints them. */
function listed(sets: readonly string[]): string[] {
  return sets.flatMap(line => {
    const [verb, name = '', type = '', ...header] = line.split(' ')
    if (verb !== 'create') return []
    const members = sets.filter(each => each.startsWith(`add ${name} `)).map(each => each.slice(`add ${name} `.length))
    return [
      `Name: ${name}`,
      `Type: ${type}`,
      'Revision: 7',
      `Header: ${header.join(' ')}`,
      'Size in memory: 456',
      'References: 1',
      `Number of entries: ${members.length}`,
      'Members:',
      ...members,
      '',
    ]
  })
}

const programmed = fc.tuple(cluster, azureNpm).map(([objects, options]) => {
  const {rules, sets} = linesOf(compile(objects, {...options, semantics: 'npm'}))
  return {objects, lines: {rules: [...NAT, ...rules], sets}}
})

describe.each(Object.keys(damages))('where %s', what => {
  test.prop([programmed, fc.nat(10_000)], {numRuns: 15})(
    'a node that is as it should be has no difference, and is not called clean',
    async ({objects, lines}, pick) => {
      fc.pre(compareNode(objects, await opened(lines, objects), {isProgramOnly: true}).clean)
      const damaged = damages[what]?.(lines, pick)
      if (!damaged) return
      const drift = compareNode(objects, await opened(damaged, objects), {isProgramOnly: true})
      expect(drift.items).toEqual([])
      expect(drift.clean).toBe(false)
      expect(drift.incomplete).not.toEqual([])
    },
  )
})

test.prop([programmed], {numRuns: 15})(
  'sets that are listed under the name of a save are the same sets',
  async ({objects, lines}) => {
    const [saved, other] = [await opened(lines, objects), await opened({...lines, sets: listed(lines.sets)}, objects)]
    const members = (node: typeof saved) =>
      [...(node.sets?.values() ?? [])].map(set => [set.name, set.members.map(({entry}) => entry)])
    expect(members(other)).toEqual(members(saved))
    expect(other.completeness.ofSets).toEqual([])
  },
)
