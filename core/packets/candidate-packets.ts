import type {Packet} from '../net/packet.ts'
import {NamedPorts, type Port, portsIn, UNNAMED} from './candidate-ports.ts'
import {MatchingAddresses} from './matching-addresses.ts'
import type {ConditionedRules, PacketScope, RuleConditions, SetCondition} from './rule-conditions.ts'
import {edgesOfBlocks, OUTSIDE} from './sample-packets.ts'

/** How far is looked for packets: rules that name a set, rules behind others, ports of a rule, packets in all. */
const MOST = {users: 24, behind: 12, near: 60, addresses: 4, ports: 8, packets: 1000} as const

type Side = 'src' | 'dst'
const otherSide = (side: Side): Side => (side === 'src' ? 'dst' : 'src')

/**
 * Packets that a difference may be about, for nodes with more kinds of addresses than can all be tried: those that the rules
 * look at which name the set that differs, or that are near the rule that does.
 */
export class CandidatePackets<Rule> {
  private readonly program: ConditionedRules<Rule>
  /** Set → the rules that name it, or a list that it is in. */
  private readonly users = new Map<string, Rule[]>()
  /** Of the rules that packets were looked for by: many differences are about the same few. */
  private readonly known = new Map<Rule, RuleConditions>()
  private readonly matching: MatchingAddresses
  private readonly namedPorts: NamedPorts

  constructor(program: ConditionedRules<Rule>) {
    this.program = program
    this.matching = new MatchingAddresses(program.sets, program.index)
    this.namedPorts = new NamedPorts(program.sets)
    for (const rule of program.rules()) for (const {set} of program.conditions(rule).sets) push(this.users, set, rule)
  }

  /** Packets of a difference, those first that it concerns most. */
  *packets(scope: PacketScope<Rule>): Generator<Packet> {
    const seen = new Set<string>()
    for (const packet of this.all(scope)) {
      const key = `${packet.source} ${packet.destination} ${packet.protocol} ${packet.port}`
      if (seen.has(key)) continue
      seen.add(key)
      yield packet
      if (seen.size >= MOST.packets) return
    }
  }

  private *all({addresses, port, set, part, rules = []}: PacketScope<Rule>): Generator<Packet> {
    if (set !== undefined) {
      const subjects = addresses?.map(firstAddress) ?? this.matching.membersOf(part ?? set)
      yield* this.ofSet([set, ...this.program.listsOf(set)], subjects, port ? [port] : [])
    }
    for (const rule of spread(rules, MOST.users)) yield* this.ofRule(rule)
  }

  /** Packets of the rules that look at the given addresses by one of the given sets. */
  private *ofSet(names: readonly string[], subjects: readonly string[], ports: readonly Port[]): Generator<Packet> {
    for (const subject of subjects) {
      const uses = names.flatMap(name =>
        (this.users.get(name) ?? []).flatMap(rule =>
          this.conditions(rule)
            .sets.filter(({set}) => set === name)
            .map(({side}) => ({rule, side})),
        ),
      )
      const own = uses.filter(({rule, side}) => this.mayMeet(rule, side, subject, names))
      for (const {rule, side} of spread(own, MOST.users)) yield* this.about(rule, side, subject, ports)
    }
  }

  /** Whether a rule can be about an address at one side, whatever the sets hold that differ. */
  private mayMeet(rule: Rule, side: Side, address: string, differing: readonly string[]): boolean {
    const terms = this.termsOf(rule, side).filter(({set}) => !differing.includes(set))
    return this.matching.fits(address, terms)
  }

  /** Packets with a given address at one side of a rule. */
  private *about(rule: Rule, side: Side, subject: string, ports: readonly Port[]): Generator<Packet> {
    for (const other of [...this.counterparts(rule, otherSide(side)), OUTSIDE]) {
      const ends = side === 'src' ? {source: subject, destination: other} : {source: other, destination: subject}
      for (const port of [...ports, ...this.portsOf(rule, ends.destination)]) yield {...ends, ...port}
    }
  }

  /** Packets near a rule. Of one that all policies go by, a few of many policies. */
  private *ofRule(rule: Rule): Generator<Packet> {
    const conditions = this.conditions(rule)
    const given = edgesOfBlocks([conditions])
    if (conditions.isOfPolicy) yield* this.between(rule, [...given, OUTSIDE], MOST.addresses, MOST.ports)
    else
      for (const near of spread(this.behind(rule, MOST.behind), MOST.near))
        yield* this.between(near, [...given, OUTSIDE], 2, 1, portsIn(conditions))
  }

  private *between(
    rule: Rule,
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
  private counterparts(rule: Rule, side: Side): readonly string[] {
    const own = this.termsOf(rule, side)
    if (own.length > 0) return this.matching.of(own)
    const found = spread(this.behind(rule, MOST.behind), MOST.behind).flatMap(each => {
      const terms = this.termsOf(each, side)
      return terms.length === 0 ? [] : this.matching.of(terms)
    })
    return [...new Set(found)]
  }

  /** What a rule asks of one side, the rule that leads to it included. */
  private termsOf(rule: Rule, side: Side): SetCondition[] {
    const leader = this.program.leader(rule)
    return [rule, ...(leader === undefined ? [] : [leader])]
      .flatMap(each => this.conditions(each).sets)
      .filter(condition => condition.side === side)
  }

  /** Ports that a rule, or those it leads to, look at, for packets to an address; and one that none does. */
  private portsOf(rule: Rule, destination: string, most: number = MOST.ports): Port[] {
    const ports = [rule, ...spread(this.behind(rule, MOST.behind), MOST.behind)].flatMap(each => {
      const conditions = this.conditions(each)
      const named = conditions.sets.filter(({hasPort}) => hasPort).flatMap(({set}) => this.namedPorts.of(set, destination))
      return [...portsIn(conditions), ...named]
    })
    const distinct = new Map(ports.map(port => [`${port.protocol}/${port.port}`, port]))
    return [...[...distinct.values()].slice(0, most), ...UNNAMED]
  }

  private conditions(rule: Rule): RuleConditions {
    let conditions = this.known.get(rule)
    if (!conditions) this.known.set(rule, (conditions = this.program.conditions(rule)))
    return conditions
  }

  private behind(rule: Rule, most: number): readonly Rule[] {
    return this.program.behind(rule, most)
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
