import type {Rule} from '../linux/iptables/model.ts'
import {parseIpv4Block, printIpv4} from '../net/ipv4.ts'
import type {Packet} from '../net/packet.ts'
import type {WalkedSet} from '../sets/set-index.ts'
import {addressClasses} from './address-classes.ts'

/** Packets that stand for all that a set of rules can tell apart, as far as the limits allow. */
export interface Sample {
  readonly addresses: readonly string[]
  readonly ports: readonly Pick<Packet, 'protocol' | 'port'>[]
}

/** Kinds of addresses of which all pairs can be tried. */
export const MOST_ADDRESSES = 64
const MOST_PORTS = 32
/** An address of nobody, a port of nothing. */
export const OUTSIDE = '203.0.113.254'
export const OTHER_PORT = 64_999

/** Whether all kinds of addresses that sets tell apart can be tried. Told without looking at all of a large node's members. */
export function isSmall(sets: ReadonlyMap<string, WalkedSet>, most: number): boolean {
  const candidates = new Set<string>()
  for (const set of sets.values()) {
    for (const {address} of placesIn(set)) candidates.add(address)
    if (candidates.size > 16 * most) return false
  }
  return addressClasses(sets, candidates).size <= most
}

interface Place {
  readonly address: string
  readonly protocol?: string
  readonly port?: number
}

/** The addresses of a set, of blocks the first one and the first one behind: on either side of its edge. */
function* placesIn({type, members}: WalkedSet): Generator<Place> {
  if (type === 'list:set') return
  for (const member of members) {
    const [entry = ''] = member.split(' ')
    const [text = '', named] = entry.split(',')
    const block = parseIpv4Block(text)
    if (!block) continue
    const [protocol, port] = named?.split(':') ?? []
    yield {address: printIpv4(block.base), ...(protocol !== undefined && {protocol, port: Number(port)})}
    if (block.prefix > 0 && block.prefix < 32) yield {address: printIpv4((block.base + 2 ** (32 - block.prefix)) >>> 0)}
  }
}

/**
 * Finds one address for each class of addresses, and the ports at which rules change their mind.
 *
 * @param extra addresses that must be among them
 */
export function sampleOf(entries: Iterable<[string, WalkedSet]>, rules: readonly Rule[], extra: readonly string[] = []): Sample {
  const sets = new Map(entries)
  const candidates = new Set<string>([OUTSIDE])
  const named = new Map<string, Set<number>>([
    ['tcp', new Set()],
    ['udp', new Set()],
    ['sctp', new Set()],
  ])
  for (const set of sets.values())
    for (const {address, protocol, port} of placesIn(set)) {
      candidates.add(address)
      if (protocol !== undefined && port !== undefined) named.get(protocol)?.add(port)
    }
  const representatives = [...addressClasses(sets, candidates).values()].map(([first]) => first as string)
  return {
    addresses: [...new Set([...extra, ...addressesIn(rules), ...representatives])],
    ports: portsOf(rules, named),
  }
}

/** Addresses that rules look at themselves, as somebody's own rule may, and the first ones behind their blocks. */
export function addressesIn(rules: readonly Pick<Rule, 'matches'>[]): string[] {
  const found = new Set<string>()
  for (const {matches} of rules)
    for (const match of matches) {
      const block = match.kind === 'address' ? parseIpv4Block(match.block) : undefined
      if (!block) continue
      found.add(printIpv4(block.base))
      found.add(printIpv4((block.base + 2 ** (32 - block.prefix)) >>> 0))
    }
  return [...found]
}

function portsOf(rules: Iterable<Rule>, named: Map<string, Set<number>>): Sample['ports'] {
  for (const {matches} of rules)
    for (const match of matches) {
      if (match.kind !== 'ports' || !match.destination) continue
      const ports = named.get(match.protocol)
      ports?.add(match.destination.from).add(match.destination.to)
    }
  const all = (['tcp', 'udp', 'sctp'] as const).flatMap(protocol =>
    [...(named.get(protocol) ?? []), OTHER_PORT].slice(0, MOST_PORTS).map(port => ({protocol, port})),
  )
  return [...all, {protocol: 'icmp' as const}]
}
