import {expect, test} from 'vitest'
import {parseIpsetSave} from '../../core/linux/ipset/parse-save.ts'
import type {Rule} from '../../core/linux/iptables/model.ts'
import {parseIptablesSave} from '../../core/linux/iptables/parse.ts'
import {holds, type Passing} from '../../core/linux/walk/match.ts'
import {savedSets} from '../../core/linux/walk/node-rules.ts'
import {type Host, passingOf} from '../../core/linux/walk/passing.ts'
import {parseIpv4} from '../../core/net/ipv4.ts'
import type {Packet} from '../../core/net/packet.ts'
import {all, type Truth} from '../../core/net/truth.ts'
import type {SetIndex} from '../../core/sets/set-index.ts'
import {describePackets} from '../support/kernel/packets/describe.ts'
import {openPacketNode, type PacketNode} from '../support/kernel/packets/packet-node.ts'
import {backends} from '../support/kernel/tools.ts'
import {conditionSets, conditions, ends} from '../support/linux/conditions.ts'

/*
 * Every condition that the walk knows is loaded into a real kernel as a rule that only counts. Packets are sent one by one, and the
 * counters say which rules each of them matched.
 */

const {web, db, outside, service, node} = ends

/** Where rules that count stand: the table and the chain that jumps to them. */
const places = {
  /** Before conntrack, and before the packet gets its mark. */
  RAW: {table: 'raw', in: 'other', out: 'none'},
  PREROUTING: {table: 'mangle', in: 'other', out: 'none'},
  FORWARD: {table: 'filter', in: 'other', out: 'other'},
  INPUT: {table: 'filter', in: 'other', out: 'none'},
  OUTPUT: {table: 'filter', in: 'none', out: 'other'},
  POSTROUTING: {table: 'mangle', in: 'other', out: 'other'},
} as const
type PlaceName = keyof typeof places

const packet = (
  source: string,
  destination: string,
  protocol: Packet['protocol'],
  port?: number,
  more: Partial<Packet> = {},
) => ({
  source,
  destination,
  protocol,
  ...(port !== undefined && {port, sourcePort: 40_000 + port}),
  ...more,
})

/** To the service it is translated. */
const packets: readonly Packet[] = [
  packet(web, db, 'tcp', 80),
  packet(db, web, 'tcp', 80),
  packet(web, db, 'tcp', 443),
  packet(web, db, 'tcp', 9999, {sourcePort: 80}),
  packet(web, db, 'tcp', 80, {mark: 0x4000}),
  packet(web, db, 'udp', 53),
  packet(web, db, 'sctp', 7400),
  packet(web, db, 'icmp'),
  // GRE, ESP and OSPF.
  ...['47', '50', '89'].map(protocol => packet(web, db, protocol as Packet['protocol'])),
  packet(outside, db, 'tcp', 80),
  packet(web, outside, 'udp', 53),
  packet(web, service, 'tcp', 80),
  packet(outside, web, 'icmp'),
  packet(web, node, 'tcp', 80),
  packet(outside, node, 'icmp'),
  packet(node, db, 'tcp', 80),
  packet(node, web, 'udp', 53),
]

const host: Host = {
  isOwn: address => address === parseIpv4(node),
  isElsewhere: address => address !== parseIpv4(node),
  networks: new Map(),
  address: parseIpv4(node),
}

/** The packet at a place; undefined where it does not come. */
function passingAt(name: PlaceName, {source, destination, ...rest}: Packet): Passing | undefined {
  const met =
    source === node
      ? ['OUTPUT', 'POSTROUTING']
      : destination === node
        ? ['RAW', 'PREROUTING', 'INPUT']
        : ['RAW', 'PREROUTING', 'FORWARD', 'POSTROUTING']
  if (!met.includes(name)) return undefined
  const addresses = {source: parseIpv4(source) ?? 0, destination: parseIpv4(destination) ?? 0}
  const {in: between, out: to} = places[name]
  const from = source === node ? 'none' : between
  const passing: Passing = {...passingOf({source, destination, ...rest}, addresses, host), in: from, out: to}
  if (name === 'RAW') return {...passing, mark: 0, isTracked: false}
  if (destination !== service || name === 'PREROUTING') return passing
  return {...passing, destination: parseIpv4(db) ?? 0, port: 8080, isTranslated: true}
}

const builtInOf = (name: PlaceName) => (name === 'RAW' ? 'PREROUTING' : name)
const chainOf = (name: PlaceName): string => `SEEN-${name}`

/** The indexes of the conditions that the kernel takes in a chain. */
const indexesAt = (name: PlaceName): number[] =>
  [...conditions.keys()].filter(at => conditions[at]?.only?.includes(builtInOf(name)) ?? name !== 'POSTROUTING')

/** The sentinels of the node are no packets under test. */
const rulesAt = (name: PlaceName): string[] => [
  `:${chainOf(name)} - -`,
  `-I ${builtInOf(name)} ! -p 253 -j ${chainOf(name)}`,
  ...indexesAt(name).map(at => `-A ${chainOf(name)} ${conditions[at]?.text}`),
]

const rules = `*raw
${rulesAt('RAW').join('\n')}
COMMIT
*nat
-A PREROUTING -d ${service}/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination ${db}:8080
COMMIT
*mangle
${(['PREROUTING', 'POSTROUTING'] as const).flatMap(rulesAt).join('\n')}
COMMIT
*filter
${(['FORWARD', 'INPUT', 'OUTPUT'] as const).flatMap(rulesAt).join('\n')}
COMMIT
`

interface Seen {
  /** Index of the condition. */
  readonly at: number
  readonly place: PlaceName
  readonly packet: Packet
  readonly rule: Rule
  readonly didMatch: boolean
  readonly truth: Truth
}

async function sendAll(kernel: PacketNode): Promise<Seen[]> {
  const sets: SetIndex = savedSets({
    hasMembers: true,
    sets: new Map(parseIpsetSave([(await kernel.save()).sets]).sets.map(set => [set.name, set])),
  })
  const seen: Seen[] = []
  let before = await counted(kernel)
  for (const each of packets) {
    await kernel.arrivals([each])
    const after = await counted(kernel)
    for (const place of Object.keys(places) as PlaceName[]) {
      const passing = passingAt(place, each)
      const written = indexesAt(place)
      for (const [position, rule] of (after.get(place) ?? []).entries()) {
        const at = written[position] ?? -1
        const didMatch = rule.packets !== before.get(place)?.[position]?.packets
        if (!passing) expect(didMatch, `${rule.source} at ${place}`).toBe(false)
        else
          seen.push({at, place, packet: each, rule, didMatch, truth: all(rule.matches.map(match => holds(match, passing, sets)))})
      }
    }
    before = after
  }
  return seen
}

/** The rules that count, with their counters. */
async function counted(kernel: PacketNode): Promise<Map<PlaceName, readonly Rule[]>> {
  const {tables} = parseIptablesSave([(await kernel.save()).rules])
  return new Map(
    (Object.keys(places) as PlaceName[]).map(name => [
      name,
      tables.get(places[name].table)?.chains.get(chainOf(name))?.rules ?? [],
    ]),
  )
}

describePackets('conditions of rules', () => {
  test.each(backends)(
    'each holds for the packets that match it in the kernel, and is decided: %s',
    {timeout: 120_000},
    async backend => {
      await using kernel = await openPacketNode({
        pods: [
          {name: 'web', ip: web},
          {name: 'db', ip: db},
        ],
        externals: [outside],
        nodeAddress: node,
        backend,
      })
      await kernel.load(conditionSets, rules)
      const seen = await sendAll(kernel)
      const told = ({place, packet: {source, destination, protocol, port}, rule, didMatch}: Seen) =>
        `${rule.source} for ${source} -> ${destination} ${protocol}/${port} in ${place}: ${didMatch}`
      expect(seen.filter(({didMatch, truth}) => truth !== 'unknown' && truth !== didMatch).map(told)).toEqual([])

      const isModelled = conditions.map(({isUnknown}) => isUnknown !== true)
      const isSent = ({place, packet: {source}}: Seen) => place === 'POSTROUTING' && source === node
      expect(seen.filter(each => each.truth === 'unknown' && isModelled[each.at] && !isSent(each)).map(told)).toEqual([])
      const undecided = new Set(seen.flatMap(({at, truth}) => (truth === 'unknown' ? [at] : [])))
      expect(conditions.filter(({isUnknown}, at) => isUnknown && !undecided.has(at))).toEqual([])
      // The packets are telling: most conditions hold for some and not for others.
      const both = conditions.filter(
        (_, at) => new Set(seen.filter(each => each.at === at).map(each => each.didMatch)).size === 2,
      )
      expect(both.length).toBeGreaterThan(conditions.length / 2)
    },
  )
})
