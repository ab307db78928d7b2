import {parseIpv4Block, printIpv4} from '../net/ipv4.ts'
import type {Packet} from '../net/packet.ts'
import {blockOf, edgesOf, parseMember} from '../sets/member.ts'
import {addressClasses} from './address-classes.ts'
import type {RuleConditions, SimulatedSet, SimulatedSets} from './rule-conditions.ts'

/** Addresses and ports that represent all packets that rules can distinguish, within limits. */
export interface Sample {
  readonly addresses: readonly string[]
  /** Another address of the same class, for packets between two of one class. Absent for an address that is alone in its class. */
  readonly twins: ReadonlyMap<string, string>
  readonly ports: readonly Pick<Packet, 'protocol' | 'port'>[]
}

/** The most address classes for which all pairs are tried. */
export const MOST_ADDRESSES = 64
const MOST_PORTS = 32
/** An address (TEST-NET-3, RFC 5737) and a port that hardly any rule names. */
export const OUTSIDE = '203.0.113.254'
const ALSO_OUTSIDE = '203.0.113.253'
export const OTHER_PORT = 64_999

/**
 * Whether sets distinguish few enough address classes to try all of them. On a large node it stops early, without reading all
 * members.
 *
 * @param most classes
 */
export function isSmall(sets: SimulatedSets, most: number): boolean {
  const candidates = new Set<string>()
  for (const [, set] of sets.entries()) {
    for (const {address} of placesIn(set)) candidates.add(address)
    if (candidates.size > 16 * most) return false
  }
  return addressClasses(new Map(sets.entries()), candidates).size <= most
}

interface Place {
  readonly address: string
  readonly port?: {readonly protocol: string; readonly number: number}
}

/** For each member of a set, its first address and the first one after it. */
function* placesIn({type, members}: SimulatedSet): Generator<Place> {
  if (type === 'list:set') return
  for (const text of members) {
    const member = parseMember(text)
    const block = blockOf(member)
    if (!block) continue
    const {port} = member
    for (const edge of edgesOf(block)) yield {address: printIpv4(edge), ...(port && {port})}
  }
}

/**
 * Finds one address for each address class, and the ports at which the verdict can change.
 *
 * @param extra addresses to include
 */
export function sampleOf(sets: SimulatedSets, rules: readonly RuleConditions[], extra: readonly string[] = []): Sample {
  const candidates = new Set<string>([OUTSIDE, ALSO_OUTSIDE])
  const named = new Map<string, Set<number>>([
    ['tcp', new Set()],
    ['udp', new Set()],
    ['sctp', new Set()],
  ])
  for (const [, set] of sets.entries())
    for (const {address, port} of placesIn(set)) {
      candidates.add(address)
      if (port) named.get(port.protocol)?.add(port.number)
    }
  const classes = [...addressClasses(new Map(sets.entries()), candidates).values()]
  const representatives = classes.map(([first]) => first as string)
  return {
    addresses: [...new Set([...extra, ...edgesOfBlocks(rules), ...representatives])],
    twins: new Map(classes.flatMap(([first, second]) => (first !== undefined && second !== undefined ? [[first, second]] : []))),
    ports: portsOf(rules, named),
  }
}

/** The first address of each block that rules name directly, as rules of other programs may, and the first one after it. */
export function edgesOfBlocks(rules: readonly Pick<RuleConditions, 'blocks'>[]): string[] {
  const found = new Set<string>()
  for (const {blocks} of rules)
    for (const text of blocks) {
      const block = parseIpv4Block(text)
      if (!block) continue
      found.add(printIpv4(block.base))
      found.add(printIpv4((block.base + 2 ** (32 - block.prefix)) >>> 0))
    }
  return [...found]
}

function portsOf(rules: readonly RuleConditions[], named: Map<string, Set<number>>): Sample['ports'] {
  for (const {ports} of rules)
    for (const {protocol, range} of ports) if (range) named.get(protocol)?.add(range.from).add(range.to)
  const all = (['tcp', 'udp', 'sctp'] as const).flatMap(protocol =>
    [...(named.get(protocol) ?? []), OTHER_PORT].slice(0, MOST_PORTS).map(port => ({protocol, port})),
  )
  return [...all, {protocol: 'icmp' as const}]
}
