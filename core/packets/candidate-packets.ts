import type {Packet} from '../net/packet.ts'
import {NamedPorts, type Port, portsIn, UNNAMED} from './candidate-ports.ts'
import {MatchingAddresses} from './matching-addresses.ts'
import type {ConditionedRules, PacketScope, RuleConditions, SetCondition} from './rule-conditions.ts'
import {edgesOfBlocks, OUTSIDE} from './sample-packets.ts'
import {spread} from './spread.ts'

/** Limits of the search: rules that use a set, rules behind a rule, rules near a rule, addresses and ports of a rule, all packets. */
const MOST = {users: 24, behind: 12, near: 60, addresses: 4, ports: 8, packets: 1000} as const

type Side = 'src' | 'dst'
const otherSide = (side: Side): Side => (side === 'src' ? 'dst' : 'src')

/**
 * Finds packets whose verdict a difference may change, for nodes with too many address classes to try all pairs. It tries packets
 * that match the rules that use the differing set, or rules near the differing rule.
 */
export class CandidatePackets<Rule> {
  private readonly program: ConditionedRules<Rule>
  /** Set → rules that name it. */
  private readonly users = new Map<string, Rule[]>()
  /** Cached conditions: many differences concern the same few rules. */
  private readonly known = new Map<Rule, RuleConditions>()
  private readonly uses = new Map<string, readonly {readonly rule: Rule; readonly side: Side}[]>()
  private readonly terms = new Map<Rule, Readonly<Record<Side, readonly SetCondition[]>>>()
  private readonly matching: MatchingAddresses
  private readonly namedPorts: NamedPorts

  constructor(program: ConditionedRules<Rule>) {
    this.program = program
    this.matching = new MatchingAddresses(program.sets, program.index)
    this.namedPorts = new NamedPorts(program.sets)
    for (const rule of program.rules()) for (const {set} of program.conditions(rule).sets) push(this.users, set, rule)
  }

  /** Distinct packets that a difference may concern, the most likely ones first. */
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

  /** Packets for the rules that match the given addresses by one of the given sets. */
  private *ofSet(names: readonly string[], subjects: readonly string[], ports: readonly Port[]): Generator<Packet> {
    const uses = names.flatMap(name => this.usesOf(name))
    for (const subject of subjects) {
      const fits = this.matching.memberships(subject)
      // Whatever the differing sets contain, the rule must match the address otherwise.
      const own = uses.filter(({rule, side}) => this.termsOf(rule, side).every(term => names.includes(term.set) || fits(term)))
      for (const {rule, side} of spread(own, MOST.users)) yield* this.about(rule, side, subject, ports)
    }
  }

  /** The rules that name a set, each with the side of packets that it looks at. */
  private usesOf(name: string): readonly {readonly rule: Rule; readonly side: Side}[] {
    let uses = this.uses.get(name)
    if (!uses) {
      uses = (this.users.get(name) ?? []).flatMap(rule =>
        this.conditions(rule)
          .sets.filter(({set}) => set === name)
          .map(({side}) => ({rule, side})),
      )
      this.uses.set(name, uses)
    }
    return uses
  }

  /** Packets with a given address at one side of a rule. */
  private *about(rule: Rule, side: Side, subject: string, ports: readonly Port[]): Generator<Packet> {
    for (const other of [...this.counterparts(rule, otherSide(side)), OUTSIDE]) {
      const ends = side === 'src' ? {source: subject, destination: other} : {source: other, destination: subject}
      for (const port of [...ports, ...this.portsOf(rule, ends.destination)]) yield {...ends, ...port}
    }
  }

  /** Packets near a rule. For a rule that all policies pass, a few packets of many policies. */
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

  /** Addresses for one side of a rule: those that match it and the jump to its chain, or else the rules behind it. */
  private counterparts(rule: Rule, side: Side): readonly string[] {
    const own = this.termsOf(rule, side)
    if (own.length > 0) return this.matching.of(own)
    const found = spread(this.behind(rule, MOST.behind), MOST.behind).flatMap(each => {
      const terms = this.termsOf(each, side)
      return terms.length === 0 ? [] : this.matching.of(terms)
    })
    return [...new Set(found)]
  }

  /** Set conditions of a rule on one side, together with those of the rule that leads to it. */
  private termsOf(rule: Rule, side: Side): readonly SetCondition[] {
    let terms = this.terms.get(rule)
    if (!terms) {
      const leader = this.program.leader(rule)
      const all = [rule, ...(leader === undefined ? [] : [leader])].flatMap(each => this.conditions(each).sets)
      terms = {src: all.filter(condition => condition.side === 'src'), dst: all.filter(condition => condition.side === 'dst')}
      this.terms.set(rule, terms)
    }
    return terms[side]
  }

  /** Ports that a rule or the rules behind it match, for packets to an address, and ports that no rule names. */
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

/** The address of an entry; for a block its base. */
export const firstAddress = (entry: string): string => entry.replace(/\/\d+$/, '')

function push<Item>(map: Map<string, Item[]>, key: string, item: Item): void {
  const items = map.get(key)
  if (items) items.push(item)
  else map.set(key, [item])
}
