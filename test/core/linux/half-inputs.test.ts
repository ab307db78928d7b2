import {describe, expect, test} from 'vitest'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import {compareNode} from '../../../core/drift/compare-node.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import type {ClusterObjects} from '../../../core/kubernetes/objects.ts'
import type {Packet} from '../../../core/net/packet.ts'
import {type FixtureNode, fixtureNodes} from '../../support/dump-fixture.ts'

/** Places of a text at which it is cut, of each kind: in a line, behind a line, and of the latter the last ones. */
const MOST_CUTS = 12
const LAST_LINES = 4
const MOST_PODS = 5

async function nodeOf(node: FixtureNode, rules: string, sets: string, hasCluster = true): Promise<NodeState> {
  const documents = [
    {name: 'rules', folder: '', text: [rules]},
    {name: 'sets', folder: '', text: [sets]},
    ...(hasCluster ? [{name: 'cluster', folder: '', text: [JSON.stringify(node.cluster)]}] : []),
  ].filter(({text}) => text[0] !== '')
  return (await readDump(documents)).nodes[0] as NodeState
}

const spread = <Item>(items: readonly Item[], most: number): Item[] =>
  items.length <= most ? [...items] : Array.from({length: most}, (_, at) => items[Math.floor((at * items.length) / most)] as Item)

function packetsOf({rules, sets}: FixtureNode, cluster: ClusterObjects | undefined): Packet[] {
  const pods = (cluster?.pods ?? []).flatMap(({status}) => status?.podIP ?? []).filter(address => /^[\d.]+$/.test(address))
  const services = [...rules.matchAll(/-A KUBE-SERVICES -d ([\d.]+)\/32/g)].map(([, address = '']) => address)
  const blocks = [...sets.matchAll(/^add \S+ ([\d.]+)\/\d+$/gm)].map(([, address = '']) => address)
  const ends = [...spread(pods, MOST_PODS), ...spread(services, 1), ...spread(blocks, 1), '203.0.113.254']
  const ports = [...new Set([...rules.matchAll(/--dport (\d+)/g)].map(([, port]) => Number(port)))]
  return ends.flatMap(source =>
    ends.flatMap(destination =>
      source === destination
        ? []
        : spread([...ports, 80], 3).map(port => ({source, destination, protocol: 'tcp' as const, port})),
    ),
  )
}

/** All cuts of a text that are tried: at places spread over it, at line ends, and at the last of these. */
function cutsOf(text: string): string[] {
  const ends = [...text.matchAll(/\n/g)].map(({index}) => index + 1)
  const places = [
    ...spread(
      Array.from({length: text.length}, (_, at) => at),
      MOST_CUTS,
    ),
    ...spread(ends, MOST_CUTS),
    ...ends.slice(-LAST_LINES - 1, -1),
  ]
  return [...new Set(places)].map(at => text.slice(0, at))
}

const tablesOf = (rules: string): string[] => [...rules.matchAll(/^\*(\w+)$/gm)].map(([, table = '']) => table)
const withoutTable = (rules: string, table: string): string => rules.replace(new RegExp(`^\\*${table}$[^]*?^COMMIT$\\n`, 'm'), '')
const chainsOf = (rules: string): string[] => [...rules.matchAll(/^:(\S+) - /gm)].map(([, chain = '']) => chain)
const withoutChain = (rules: string, chain: string): string =>
  rules
    .split('\n')
    .filter(line => !line.startsWith(`:${chain} `) && !line.replace(/^\[\d+:\d+\] /, '').startsWith(`-A ${chain} `))
    .join('\n')
const setsOf = (sets: string): string[] => [...sets.matchAll(/^create (\S+) /gm)].map(([, set = '']) => set)
const withoutSet = (sets: string, set: string): string =>
  sets
    .split('\n')
    .filter(line => !line.startsWith(`create ${set} `) && !line.startsWith(`add ${set} `))
    .join('\n')

interface Half {
  readonly what: string
  readonly rules: string
  readonly sets: string
}

/** Lines broken after so many characters, as a terminal does it. */
const wrapped = (text: string, width: number): string =>
  text
    .split('\n')
    .map(line => line.match(new RegExp(`.{1,${width}}`, 'g'))?.join('\n') ?? '')
    .join('\n')

/** Every so many lines two that have become one. */
const joined = (text: string, every: number): string =>
  text
    .split('\n')
    .map((line, at) => line + (at % every === every - 1 ? ' ' : '\n'))
    .join('')

/** Every half of a node's input that is tried. */
function halvesOf({rules, sets}: FixtureNode): Half[] {
  return [
    ...cutsOf(rules).map(cut => ({what: `rules cut at ${cut.length}`, rules: cut, sets})),
    ...cutsOf(sets).map(cut => ({what: `sets cut at ${cut.length}`, rules, sets: cut})),
    ...tablesOf(rules).map(table => ({what: `no table ${table}`, rules: withoutTable(rules, table), sets})),
    ...spread(chainsOf(rules), MOST_CUTS).map(chain => ({what: `no chain ${chain}`, rules: withoutChain(rules, chain), sets})),
    ...spread(setsOf(sets), MOST_CUTS).map(set => ({what: `no set ${set}`, rules, sets: withoutSet(sets, set)})),
    {what: 'no rules', rules: '', sets},
    {what: 'no sets', rules, sets: ''},
  ]
}

describe.each(fixtureNodes.map(node => [node.name, node] as const))('of half the input of %s', (_, node) => {
  test.each([true, false])('every verdict is that of all of it, or unknown; with objects: %s', async hasCluster => {
    const whole = await nodeOf(node, node.rules, node.sets, hasCluster)
    const packets = packetsOf(node, (await nodeOf(node, node.rules, node.sets)).cluster)
    const right = packets.map(packet => whole.walk(packet).verdict)
    const wrong: string[] = []
    let known = 0
    for (const {what, rules, sets} of halvesOf(node)) {
      const half = await nodeOf(node, rules, sets, hasCluster)
      for (const [at, packet] of packets.entries()) {
        const {verdict, incomplete = []} = half.walk(packet)
        if (verdict !== 'unknown') known++
        if (verdict !== 'unknown' && verdict !== right[at] && right[at] !== 'unknown')
          wrong.push(`${what}: ${packet.source} -> ${packet.destination} ${packet.port}: ${verdict}, not ${right[at]}`)
        if (verdict === 'unknown' && right[at] !== 'unknown' && incomplete.length === 0)
          wrong.push(`${what}: ${packet.source} -> ${packet.destination} ${packet.port}: unknown, and no part is named`)
      }
    }
    expect(wrong.slice(0, 20)).toEqual([])
    expect(known).toBeGreaterThan(0)
  })

  test('line breaks that were lost or added change no verdict', async () => {
    const whole = await nodeOf(node, node.rules, node.sets)
    const packets = packetsOf(node, whole.cluster)
    const wrong: string[] = []
    for (const {what, rules, sets} of [
      {what: 'wrapped rules', rules: wrapped(node.rules, 80), sets: node.sets},
      {what: 'joined rules', rules: joined(node.rules, 10), sets: node.sets},
      {what: 'wrapped sets', rules: node.rules, sets: wrapped(node.sets, 40)},
      {what: 'joined sets', rules: node.rules, sets: joined(node.sets, 7)},
    ]) {
      const half = await nodeOf(node, rules, sets)
      for (const packet of packets) {
        const [now, right] = [half.walk(packet).verdict, whole.walk(packet).verdict]
        if (now !== 'unknown' && right !== 'unknown' && now !== right) wrong.push(`${what}: ${JSON.stringify(packet)}: ${now}`)
      }
    }
    expect(wrong.slice(0, 20)).toEqual([])
  })

  test('a comparison is clean only if that of all of it is, and what is missing was given', async () => {
    const whole = await nodeOf(node, node.rules, node.sets)
    const {cluster} = whole
    if (!cluster) throw new Error('no objects')
    const all = compareNode(cluster, whole, {isProgramOnly: true})
    const missing = new Set(all.items.map(({kind, change, name, expected}) => `${kind} ${change} ${name} ${expected}`))
    const wrong: string[] = []
    for (const {what, rules, sets} of spread(halvesOf(node), 40)) {
      // A chain or a set in the middle is missing in the same way whoever took it away.
      if (/^no (?:chain|set) /.test(what)) continue
      const half = await nodeOf(node, rules, sets)
      const drift = compareNode(cluster, half, {isProgramOnly: true})
      if (drift.clean && !all.clean) wrong.push(`${what}: clean`)
      for (const {kind, change, name, expected} of drift.items)
        if (change === 'missing' && !missing.has(`${kind} ${change} ${name} ${expected}`))
          wrong.push(`${what}: ${kind} missing: ${name}`)
    }
    expect(wrong.slice(0, 20)).toEqual([])
  })
})
