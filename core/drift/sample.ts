import {parseIpv4Block, printIpv4} from '../cluster/ipv4.ts'
import type {Rule} from '../iptables/model.ts'
import {addressClasses} from '../simulate/classes.ts'
import type {Packet} from '../simulate/packet.ts'
import type {WalkedSet} from '../simulate/set-index.ts'

/** Packets that stand for all that a set of rules can tell apart, as far as the limits allow. */
export interface Sample {
  readonly addresses: readonly string[]
  readonly ports: readonly Pick<Packet, 'protocol' | 'port'>[]
}

const MOST_ADDRESSES = 64
const MOST_PORTS = 32
/** An address of nobody, a port of nothing. */
const OUTSIDE = '203.0.113.254'
const OTHER_PORT = 64_999

/**
 * Finds one address for each class of addresses, and the ports at which rules change their mind.
 *
 * @param extra addresses that must be among them
 */
export function sampleOf(sets: ReadonlyMap<string, WalkedSet>, rules: Iterable<Rule>, extra: readonly string[] = []): Sample {
  const candidates = new Set<string>([OUTSIDE])
  const named = new Map<string, Set<number>>([
    ['tcp', new Set()],
    ['udp', new Set()],
    ['sctp', new Set()],
  ])
  for (const set of sets.values()) {
    if (set.type === 'list:set') continue
    for (const member of set.members) {
      const [entry = ''] = member.split(' ')
      const [place = '', port] = entry.split(',')
      // The first address of a block, and the first behind it: on either side of its edge.
      const block = parseIpv4Block(place)
      if (block) candidates.add(printIpv4(block.base))
      if (block && block.prefix > 0 && block.prefix < 32) candidates.add(printIpv4((block.base + 2 ** (32 - block.prefix)) >>> 0))
      const [protocol = '', number] = port?.split(':') ?? []
      named.get(protocol)?.add(Number(number))
    }
  }
  const representatives = [...addressClasses(sets, candidates).values()].map(([first]) => first as string)
  const all = [...rules]
  return {
    addresses: [...new Set([...extra, ...addressesIn(all), ...representatives.slice(0, MOST_ADDRESSES)])],
    ports: portsOf(all, named),
  }
}

/** Addresses that rules look at themselves, as somebody's own rule may, and the first ones behind their blocks. */
function addressesIn(rules: readonly Rule[]): string[] {
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
