import type {Difference, OverlaySet} from '../drift/difference.ts'
import type {Match, Rule} from '../linux/iptables/model.ts'
import {policyChain} from '../names/kernel-name.ts'
import type {Packet} from '../net/packet.ts'
import type {SetIndex} from '../sets/set-index.ts'
import {NamedPorts, type Port, portsIn, UNNAMED} from './candidate-ports.ts'
import {MatchingAddresses} from './matching-addresses.ts'
import {addressesIn, OUTSIDE} from './sample-packets.ts'

/** How far is looked for packets: rules that name a set, rules behind others, ports of a rule, packets in all. */
const MOST = {users: 24, behind: 12, near: 60, addresses: 4, ports: 8, packets: 1000} as const

type Side = 'src' | 'dst'
type AnyRule = Pick<Rule, 'chain' | 'matches' | 'target'>
type SetMatch = Extract<Match, {kind: 'set'}>

const setMatches = ({matches}: Pick<AnyRule, 'matches'>): SetMatch[] => matches.filter(match => match.kind === 'set')
const hasSide = ({sides}: SetMatch, side: Side): boolean => sides.split(',')[0] === side
const otherSide = (side: Side): Side => (side === 'src' ? 'dst' : 'src')

/**
 * Packets that a difference may be about, for nodes with more kinds of addresses than can all be tried: those that the rules
 * look at which name the set that differs, or that are near the rule that does.
 */
export class CandidatePackets {
  private readonly chains: ReadonlyMap<string, readonly Rule[]>
  /** Set → the rules that name it, or a list that it is in. */
  private readonly users = new Map<string, AnyRule[]>()
  /** Policy chain → its jumps. */
  private readonly jumps = new Map<string, Rule[]>()
  private readonly lists = new Map<string, string[]>()
  private readonly fitting: MatchingAddresses
  private readonly namedPorts: NamedPorts

  constructor(sets: ReadonlyMap<string, OverlaySet>, index: SetIndex, chains: ReadonlyMap<string, readonly Rule[]>) {
    this.chains = chains
    this.fitting = new MatchingAddresses(sets, index)
    this.namedPorts = new NamedPorts(sets)
    for (const [list, {type, members}] of sets)
      if (type === 'list:set') for (const member of members) push(this.lists, member, list)
    for (const rule of [...chains.values()].flat()) {
      if (rule.target?.kind === 'jump' && policyChain(rule.target.chain)) push(this.jumps, rule.target.chain, rule)
      for (const {set} of setMatches(rule)) push(this.users, set, rule)
    }
  }

  /** The lists that hold a set. */
  listsOf(set: string): readonly string[] {
    return this.lists.get(set) ?? []
  }

  /** Packets of a difference, those first that it concerns most. */
  *packets(difference: Difference): Generator<Packet> {
    const seen = new Set<string>()
    for (const packet of this.all(difference)) {
      const key = `${packet.source} ${packet.destination} ${packet.protocol} ${packet.port}`
      if (seen.has(key)) continue
      seen.add(key)
      yield packet
      if (seen.size >= MOST.packets) return
    }
  }

  private *all({addresses, port, set, part, rules = []}: Difference): Generator<Packet> {
    if (set !== undefined) {
      const subjects = addresses?.map(firstAddress) ?? this.fitting.membersOf(part ?? set)
      yield* this.ofSet([set, ...this.listsOf(set)], subjects, port ? [port] : [])
    }
    for (const rule of spread(rules, MOST.users)) yield* this.ofRule(rule)
  }

  /** Packets of the rules that look at the given addresses by one of the given sets. */
  private *ofSet(names: readonly string[], subjects: readonly string[], ports: readonly Port[]): Generator<Packet> {
    for (const subject of subjects) {
      const uses = names.flatMap(name =>
        (this.users.get(name) ?? []).flatMap(rule =>
          setMatches(rule)
            .filter(match => match.set === name)
            .map(match => ({rule, side: hasSide(match, 'src') ? ('src' as const) : ('dst' as const)})),
        ),
      )
      const own = uses.filter(({rule, side}) => this.mayMeet(rule, side, subject, names))
      for (const {rule, side} of spread(own, MOST.users)) yield* this.about(rule, side, subject, ports)
    }
  }

  /** Whether a rule can be about an address at one side, whatever the sets hold that differ. */
  private mayMeet(rule: AnyRule, side: Side, address: string, differing: readonly string[]): boolean {
    const terms = this.termsOf(rule, side).filter(({set}) => !differing.includes(set))
    return this.fitting.fits(address, terms)
  }

  /** Packets with a given address at one side of a rule. */
  private *about(rule: AnyRule, side: Side, subject: string, ports: readonly Port[]): Generator<Packet> {
    for (const other of [...this.counterparts(rule, otherSide(side)), OUTSIDE]) {
      const ends = side === 'src' ? {source: subject, destination: other} : {source: other, destination: subject}
      for (const port of [...ports, ...this.portsOf(rule, ends.destination)]) yield {...ends, ...port}
    }
  }

  /** Packets near a rule. Of one that all policies go by, a few of many policies. */
  private *ofRule(rule: AnyRule): Generator<Packet> {
    const given = addressesIn([rule])
    const isOfPolicy = policyChain(rule.chain) !== undefined || setMatches(rule).length > 0
    if (isOfPolicy) yield* this.between(rule, [...given, OUTSIDE], MOST.addresses, MOST.ports)
    else
      for (const near of spread(this.behind(rule), MOST.near))
        yield* this.between(near, [...given, OUTSIDE], 2, 1, portsIn(rule.matches))
  }

  private *between(
    rule: AnyRule,
    others: readonly string[],
    mostAddresses: number,
    mostPorts: number,
    ports: readonly Port[] = [],
  ): Generator<Packet> {
    const ends = (side: Side) => [...spread(this.counterparts(rule, side), mostAddresses), ...others]
    for (const source of ends('src'))
      for (const destination of ends('dst'))
        for (const port of [...ports, ...this.portsOf(rule, destination, mostPorts)]) yield {source, destination, ...port}
  }

  /** Addresses for one side of a rule: those that it and the jump to its chain ask for, or that the rules behind it do. */
  private counterparts(rule: AnyRule, side: Side): readonly string[] {
    const own = this.termsOf(rule, side)
    if (own.length > 0) return this.fitting.of(own)
    const found = spread(this.behind(rule), MOST.behind).flatMap(each => {
      const terms = this.termsOf(each, side)
      return terms.length === 0 ? [] : this.fitting.of(terms)
    })
    return [...new Set(found)]
  }

  /** What a rule asks of one side, the jump to its chain included. */
  private termsOf(rule: AnyRule, side: Side): SetMatch[] {
    const [jump] = this.jumps.get(rule.chain) ?? []
    return [rule, ...(jump ? [jump] : [])].flatMap(setMatches).filter(match => hasSide(match, side))
  }

  /** The rules that a rule leads to; a rule of Azure NPM's own leads past the jumps of its chain. */
  private behind({chain, target}: AnyRule): readonly Rule[] {
    const leadsTo = target?.kind === 'jump' ? target.chain : undefined
    if (leadsTo !== undefined && policyChain(leadsTo)) return this.chains.get(leadsTo) ?? []
    if (policyChain(chain)) return []
    const names = chain === 'FORWARD' || chain === 'AZURE-NPM' ? ['AZURE-NPM-INGRESS', 'AZURE-NPM-EGRESS'] : [chain]
    return [...this.chains]
      .filter(([name]) => names.some(prefix => name.startsWith(prefix)))
      .flatMap(([, rules]) => spread(rules, MOST.behind))
  }

  /** Ports that a rule, or those it leads to, look at, for packets to an address; and one that none does. */
  private portsOf(rule: AnyRule, destination: string, most: number = MOST.ports): Port[] {
    const ports = [rule, ...spread(this.behind(rule), MOST.behind)].flatMap(({matches}) => [
      ...portsIn(matches),
      ...matches.flatMap(match =>
        match.kind === 'set' && match.sides.includes(',') ? this.namedPorts.of(match.set, destination) : [],
      ),
    ])
    const distinct = new Map(ports.map(port => [`${port.protocol}/${port.port}`, port]))
    return [...[...distinct.values()].slice(0, most), ...UNNAMED]
  }
}

/** At most so many, from the whole length. */
function spread<Item>(items: readonly Item[], most: number): readonly Item[] {
  if (items.length <= most) return items
  return Array.from({length: most}, (_, index) => items[Math.floor((index * items.length) / most)] as Item)
}

/** The address of a member; of a block its first one. */
export const firstAddress = (entry: string): string => entry.replace(/\/\d+$/, '')

function push<Item>(map: Map<string, Item[]>, key: string, item: Item): void {
  const items = map.get(key)
  if (items) items.push(item)
  else map.set(key, [item])
}
