import {Bits} from '../../packets/bits.ts'
import {disjointPackets} from '../../packets/disjoint-packets.ts'
import type {AskingPackets, EndTruth, JudgedPackets, PacketDomain, PacketSetWalk} from '../../packets/packet-domain.ts'
import {cutServices} from '../../packets/services.ts'
import type {SetIndex} from '../../sets/set-index.ts'
import type {Rule} from '../iptables/model.ts'
import {askingPackets} from './asking-packets.ts'
import {ChangedSets} from './changed-sets.ts'
import {EndConditions} from './end-conditions.ts'
import {FORWARDED, skipsTable} from './hooks.ts'
import {holds} from './match.ts'
import {byDestination, common, type Done, divided, type Ends, join, judgedPart, type Part, type State} from './packet-parts.ts'
import {forwardingHost, type Host, type Passing, passingOf} from './passing.ts'
import {PreparedChain} from './prepared-chain.ts'
import {holdsAt, type PreparedRule, type ServiceTruth, serviceEdges, serviceTruths} from './prepared-rule.ts'
import {type Effect, effectOf} from './target.ts'
import type {WalkedRules} from './walked-rules.ts'
import {DEEPEST} from './walker.ts'
import {type WrittenSets, writtenSets} from './written-sets.ts'

/** Rules that are compared with parts of the packets to one receiver, before the rest of them is unknown. */
const MOST_LOOKS = 4_000_000

/** A packet of a domain before its sender, receiver and service are filled in. */
const blankOf = (host: Host): Passing => ({
  ...passingOf({source: '', destination: '', protocol: 'tcp'}, {source: 0, destination: 0}, host),
  protocol: '',
  // Before it is routed, and before conntrack sees it.
  out: 'none',
  isTracked: false,
})

/** No host has an address below 1.0.0.0, so no rule translates to one. */
const FIRST_REAL_ADDRESS = 0x01000000

/** Who receives packets, after translation. */
interface Receiver {
  /** Undefined for an address that is not in the domain. */
  readonly index: number | undefined
  readonly address: number
}

interface Place {
  readonly rules: WalkedRules
  readonly table: string
  readonly receiver: Receiver
  readonly depth: number
}

/**
 * Walks sets of packets as `walk` walks each of them. Packets that a rule treats differently are divided; those that come to
 * the same place in the same state are joined again. Where a condition is unknown, both outcomes are walked, and packets that
 * end differently are unknown.
 */
export class SetWalker implements PacketSetWalk {
  /** A packet of the domain before its sender, receiver and service are filled in. */
  private readonly blank: Passing
  private readonly host: Host
  private readonly below: {readonly walker: SetWalker; readonly changed: ChangedSets} | undefined
  private readonly rules: WalkedRules
  private readonly sets: SetIndex
  private readonly domain: PacketDomain
  private readonly written: WrittenSets
  private readonly ends: {readonly senders: EndConditions; readonly receivers: EndConditions}
  /** By rules, table and name: one text as a key would have to be made for every jump. */
  private readonly chains = new Map<WalkedRules, Map<string, Map<string, PreparedChain | undefined>>>()
  private readonly states = new Map<string, State>()
  private readonly indexOf: ReadonlyMap<number, number>
  private looks = 0
  private hasForked = false

  /**
   * @param host the node, of which no end of the domain is an address; conditions on addresses look at it
   * @param like a walk of the same domain. Where it is of the same rules and host, with other sets, what asks none of these is taken from it
   */
  constructor(rules: WalkedRules, sets: SetIndex, domain: PacketDomain, host: Host = forwardingHost, like?: SetWalker) {
    const below = like && like.rules === rules && like.host === host && like.domain === domain ? like : undefined
    this.host = host
    this.below = below && {walker: below, changed: new ChangedSets(below.sets, sets)}
    this.blank = below?.blank ?? blankOf({...host, onlyForwards: true})
    this.rules = rules
    this.sets = sets
    this.domain = domain
    this.written = below?.written ?? writtenSets(rules)
    const shared = (ends: EndConditions | undefined) => ends && this.below && {ends, changed: this.below.changed}
    this.ends = {
      senders: new EndConditions('source', domain.senders, sets, this.blank, shared(below?.ends.senders)),
      receivers: new EndConditions('destination', domain.receivers, sets, this.blank, shared(below?.ends.receivers)),
    }
    this.indexOf = new Map(domain.receivers.map((address, index) => [address, index]))
  }

  judge(receiver: number): JudgedPackets[] {
    const ends = this.forwarded(receiver)
    const all = [
      ...ends.accepted.map(part => judgedPart(part, 'accept')),
      ...ends.dropped.map(part => judgedPart(part, 'drop')),
      ...ends.unknown.map(part => judgedPart(part, 'unknown')),
    ]
    return this.hasForked ? disjointPackets(all) : all
  }

  masqueraded(receiver: number): Omit<JudgedPackets, 'verdict' | 'translated'>[] {
    const met = this.forwarded(receiver).accepted.filter(
      ({state: {packet}}) => !packet.isTranslated && !skipsTable('nat', packet),
    )
    const behind: Ends = {accepted: [], dropped: [], unknown: []}
    this.hook('nat', 'POSTROUTING', met, this.domain.receivers[receiver] as number, behind)
    const changed = behind.accepted.filter(({state: {packet}}) => packet.isTranslated || packet.isSourceTranslated)
    // A sender's own address is not followed, so what becomes of it counts as unknown here.
    return [...changed, ...behind.dropped, ...behind.unknown].map(({from, to, senders}) => ({from, to, senders}))
  }

  /** Walks packets over the rules of those that the node forwards, up to where only their source changes. */
  private forwarded(receiver: number): Ends {
    this.looks = 0
    this.hasForked = false
    const ends: Ends = {accepted: [], dropped: [], unknown: []}
    const state = this.state(this.blank)
    let parts: Part[] = this.domain.services.map(({from, to}) => ({from, to, senders: this.ends.senders.all, state}))
    for (const [table, chain] of FORWARDED) {
      parts = parts.map(part => this.placed(part, {isTracked: table !== 'raw', out: chain === 'PREROUTING' ? 'none' : 'other'}))
      const next: Part[] = []
      const [met, skipping] = divided(parts, ({state}) => !skipsTable(table, state.packet))
      for (const part of skipping) join(next, part)
      for (const [address, those] of byDestination(met, this.domain.receivers[receiver] as number)) {
        const hook: Ends = {accepted: [], dropped: ends.dropped, unknown: ends.unknown}
        this.hook(table, chain, those, address, hook)
        for (const part of hook.accepted) join(next, part)
      }
      parts = next
    }
    ends.accepted = parts
    return ends
  }

  asking(): AskingPackets | undefined {
    const {below, rules} = this
    // What rules write to sets is in no set that is compared.
    if (!below || this.written.length > 0) return undefined
    const all = rules.beside ? [rules, rules.beside] : [rules]
    return askingPackets(all, {ends: this.ends, sets: this.sets, changed: below.changed})
  }

  private placed(part: Part, place: Pick<Passing, 'isTracked' | 'out'>): Part {
    const {packet} = part.state
    const isThere = packet.out === place.out && packet.isTracked === place.isTracked
    return isThere ? part : {...part, state: this.state({...packet, ...place})}
  }

  /** Which back end comes first is not known where both have rules, so both orders are walked. */
  private hook(table: string, chain: string, parts: readonly Part[], address: number, ends: Ends): void {
    const {beside} = this.rules
    const isMet = (rules: WalkedRules) => (rules.chain(table, chain)?.rules.length ?? 0) > 0
    if (!beside) return this.pass([this.rules], table, chain, parts, address, ends)
    this.pass([this.rules, beside], table, chain, parts, address, ends)
    if (!isMet(this.rules) || !isMet(beside)) return
    this.hasForked = true
    this.pass([beside, this.rules], table, chain, parts, address, ends)
  }

  private pass(
    order: readonly WalkedRules[],
    table: string,
    chain: string,
    given: readonly Part[],
    address: number,
    ends: Ends,
  ): void {
    let parts = given
    for (const rules of order) {
      const prepared = this.chain(rules, table, chain)
      if (!prepared) continue
      const place = {rules, table, receiver: {address, index: this.indexOf.get(address)}, depth: 0}
      const passed: Ends = {accepted: [], dropped: ends.dropped, unknown: ends.unknown}
      for (const part of this.run(prepared, parts, place, passed))
        (prepared.policy === 'DROP' ? ends.dropped : passed.accepted).push(part)
      // What one back end translates is not translated again by the other.
      const isDone = (part: Part) => table === 'nat' && part.state.packet.isTranslated
      const [done, left] = divided(passed.accepted, isDone)
      for (const part of done) join(ends.accepted, part)
      parts = left
    }
    for (const part of parts) join(ends.accepted, part)
  }

  /** @returns the parts that come to the end of the chain, or return from it */
  private run(chain: PreparedChain, given: readonly Part[], place: Place, ends: Ends): Part[] {
    const returned: Part[] = []
    let parts = [...given]
    for (const prepared of chain.rulesFor(place.receiver.index)) {
      if (parts.length === 0) break
      this.looks += parts.length
      if (this.looks > MOST_LOOKS) {
        for (const part of parts) ends.unknown.push(part)
        return returned
      }
      const matched: Part[] = []
      parts = this.divide(prepared, parts, place.receiver, matched)
      for (const part of matched) this.apply(prepared.rule, part, place, {ends, returned, parts})
    }
    for (const part of parts) join(returned, part)
    return returned
  }

  private apply(
    rule: Rule,
    part: Part,
    place: Place,
    {ends, returned, parts}: {readonly ends: Ends; readonly returned: Part[]; readonly parts: Part[]},
  ): void {
    const effect = this.effect(rule, part.state)
    switch (effect.kind) {
      case 'nothing':
        return join(parts, part)
      case 'changed':
        return join(parts, {...part, state: effect.states?.[0] ?? part.state})
      case 'accept':
        return join(ends.accepted, part)
      case 'translated':
        // Which of several ends is taken is not known, so all are.
        if (effect.packets.length > 1) this.hasForked = true
        for (const state of effect.states ?? []) join(ends.accepted, {...part, state})
        return
      case 'drop':
        return join(ends.dropped, part)
      case 'return':
        return join(returned, part)
      case 'unknown':
        return join(ends.unknown, part)
      case 'chain': {
        const chain = this.chain(place.rules, place.table, effect.chain)
        if (!chain || place.depth >= DEEPEST) return join(ends.unknown, part)
        const back = this.run(chain, [part], {...place, depth: place.depth + 1}, ends)
        for (const each of back) join(effect.goto ? returned : parts, each)
      }
    }
  }

  /**
   * Divides parts into those that match a rule and those that do not. What may match is in both.
   *
   * @returns what does not match, or may not
   */
  private divide(prepared: PreparedRule, parts: readonly Part[], receiver: Receiver, matched: Part[]): Part[] {
    const {after} = prepared
    if (after)
      return parts.flatMap(part => {
        const met = after(part.state.packet.writtenSets)
        return met ? this.divide(met, [part], receiver, matched) : [part]
      })
    let isCertain = !prepared.isUncertain
    const to = prepared.receivers && this.receiverTruth(prepared, prepared.receivers, receiver)
    if (to === false) return [...parts]
    if (to === 'unknown') isCertain = false
    const left: Part[] = []
    for (const part of parts) this.divideOne(prepared, part, receiver, isCertain, matched, left)
    return left
  }

  private divideOne(
    prepared: PreparedRule,
    part: Part,
    receiver: Receiver,
    isCertainSoFar: boolean,
    matched: Part[],
    left: Part[],
  ): void {
    const possible = prepared.senders ? part.senders.and(prepared.senders.possible) : part.senders
    if (possible.isEmpty) return void left.push(part)
    let isCertain = isCertainSoFar
    for (const match of prepared.changing) {
      const truth = holds(match, part.state.packet, this.sets)
      if (truth === false) return void left.push(part)
      if (truth === 'unknown') isCertain = false
    }
    const services = this.services(prepared, part, receiver)
    if (services.length === 0) return void left.push(part)
    let next = part.from
    for (const {from, to, isCertain: isServiceCertain} of services) {
      if (from > next) left.push({...part, from: next, to: from - 1})
      next = to + 1
      const truth = this.senderTruth(prepared, part, possible, {receiver, service: from})
      const certain = isCertain && isServiceCertain ? truth.certain : Bits.none
      if (!truth.possible.isEmpty) matched.push({...part, from, to, senders: truth.possible})
      const rest = part.senders.without(certain)
      if (!rest.isEmpty) left.push({...part, from, to, senders: rest})
      if (!certain.equals(truth.possible)) this.hasForked = true
    }
    if (next <= part.to) left.push({...part, from: next})
  }

  /** The services of a part for which all conditions on services hold or are unknown. */
  private services(prepared: PreparedRule, part: Part, receiver: Receiver): readonly ServiceTruth[] {
    const {packet} = part.state
    const isKept = packet.port === undefined
    const asked = [...prepared.mixed, ...(isKept ? [] : prepared.serviceMatches)]
    const fixed = isKept ? prepared.services : undefined
    let range: readonly ServiceTruth[] = [{from: part.from, to: part.to, isCertain: true}]
    if (fixed) range = common(fixed, part)
    if (asked.length > 0) {
      const whole = {...packet, destination: receiver.address}
      range = range.flatMap(each =>
        serviceTruths(asked, whole, each, this.sets).map(found => ({...found, isCertain: found.isCertain && each.isCertain})),
      )
    }
    if (prepared.senderMixed.length === 0) return range
    // Senders are asked about the first service of each piece, so no edge may be within it.
    const edges = prepared.senderMixed.flatMap(match =>
      [receiver.address, ...this.domain.senders].flatMap(address => serviceEdges(match, address, this.sets)),
    )
    return range.flatMap(each => cutServices(each, edges).map(piece => ({...piece, isCertain: each.isCertain})))
  }

  private senderTruth(
    prepared: PreparedRule,
    {senders, state}: Part,
    possible: Bits,
    {receiver, service}: {readonly receiver: Receiver; readonly service: number},
  ): EndTruth {
    const own = prepared.senders
    let truth: EndTruth = {
      possible,
      certain: !own || own.certain === own.possible ? possible : senders.and(own.certain),
    }
    for (const match of prepared.senderMixed) {
      const packet = {...state.packet, destination: receiver.address}
      const asked = this.ends.senders.ask(source => holdsAt(match, {...packet, source}, service, this.sets))
      truth = {possible: truth.possible.and(asked.possible), certain: truth.certain.and(asked.certain)}
    }
    return truth
  }

  private receiverTruth({receiverMatches}: PreparedRule, truth: EndTruth, {index, address}: Receiver): boolean | 'unknown' {
    if (index !== undefined) return truth.certain.has(index) ? true : truth.possible.has(index) ? 'unknown' : false
    let result: boolean | 'unknown' = true
    for (const match of receiverMatches) {
      const each = holds(match, {...this.blank, destination: address}, this.sets)
      if (each === false) return false
      if (each === 'unknown') result = each
    }
    return result
  }

  private effect(rule: Rule, state: State): Done {
    const known = state.effects.get(rule)
    if (known) return known
    const effect = this.withStates(effectOf(rule.target, state.packet, 'PREROUTING'))
    state.effects.set(rule, effect)
    return effect
  }

  private withStates(effect: Effect): Done {
    if (effect.kind === 'changed') return {...effect, states: [this.state(effect.packet)]}
    if (effect.kind !== 'translated') return effect
    // Senders and receivers are kept apart from the rest of a packet: what is made of their own addresses is not followed.
    if (effect.packets.some(({source, destination}) => source !== 0 || destination < FIRST_REAL_ADDRESS))
      return {kind: 'unknown', reason: 'an address is translated to what depends on it'}
    return {...effect, states: effect.packets.map(packet => this.state(packet))}
  }

  private state(packet: Passing): State {
    const {host: _, ...fields} = packet
    const key = JSON.stringify(fields)
    let state = this.states.get(key)
    if (!state) {
      state = {packet, effects: new Map()}
      this.states.set(key, state)
    }
    return state
  }

  private chain(rules: WalkedRules, table: string, name: string): PreparedChain | undefined {
    let tables = this.chains.get(rules)
    if (!tables) this.chains.set(rules, (tables = new Map()))
    let chains = tables.get(table)
    if (!chains) tables.set(table, (chains = new Map()))
    const known = chains.get(name)
    if (known || chains.has(name)) return known
    const prepared = this.prepare(rules, table, name)
    chains.set(name, prepared)
    return prepared
  }

  private prepare(rules: WalkedRules, table: string, name: string): PreparedChain | undefined {
    const chain = rules.chain(table, name)
    if (!chain) return undefined
    const {below} = this
    if (below && !below.changed.isAskedIn(chain)) return below.walker.chain(rules, table, name)
    return new PreparedChain(chain, this.ends, this.sets, this.blank, this.written)
  }
}
