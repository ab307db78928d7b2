import {disjointPackets} from '../../packets/disjoint-packets.ts'
import type {AskingPackets, JudgedPackets, PacketDomain, PacketSetWalk} from '../../packets/packet-domain.ts'
import type {SetIndex} from '../../sets/set-index.ts'
import type {Rule} from '../iptables/model.ts'
import {askingPackets} from './asking-packets.ts'
import {ChangedSets} from './changed-sets.ts'
import {type DomainEnds, EndConditions} from './end-conditions.ts'
import {FORWARDED, RECEIVED, ROUTED, skipsTable} from './hooks.ts'
import {byDestination, divided, type Ends, join, judgedPart, type Part} from './packet-parts.ts'
import {PacketStates} from './packet-states.ts'
import {forwardingHost, type Host, type Passing, passingOf} from './passing.ts'
import type {PreparedChain} from './prepared-chain.ts'
import {PreparedChains} from './prepared-chains.ts'
import {type Receiver, RuleDivision} from './rule-division.ts'
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
  private readonly rules: WalkedRules
  private readonly sets: SetIndex
  private readonly domain: PacketDomain
  private readonly host: Host
  /** Which sets are different from those of the walk that this one builds on. */
  private readonly changed: ChangedSets | undefined
  private readonly blank: Passing
  private readonly written: WrittenSets
  private readonly ends: DomainEnds
  private readonly chains: PreparedChains
  private readonly states = new PacketStates()
  private readonly division: RuleDivision
  private readonly indexOf: ReadonlyMap<number, number>
  private looks = 0
  private hasForked = false

  /**
   * @param host the node, of which no end of the domain is an address; conditions on addresses look at it
   * @param like a walk of the same domain. Where it is of the same rules and host, with other sets, what asks none of these is taken from it
   */
  constructor(rules: WalkedRules, sets: SetIndex, domain: PacketDomain, host: Host = forwardingHost, like?: SetWalker) {
    const below = like && like.rules === rules && like.host === host && like.domain === domain ? like : undefined
    const changed = below && new ChangedSets(below.sets, sets)
    const blank = below?.blank ?? blankOf({...host, onlyForwards: true})
    const written = below?.written ?? writtenSets(rules)
    const shared = (known: EndConditions | undefined) => known && changed && {ends: known, changed}
    const ends = {
      senders: new EndConditions('source', domain.senders, sets, blank, shared(below?.ends.senders)),
      receivers: new EndConditions('destination', domain.receivers, sets, blank, shared(below?.ends.receivers)),
    }
    this.rules = rules
    this.sets = sets
    this.domain = domain
    this.host = host
    this.changed = changed
    this.blank = blank
    this.written = written
    this.ends = ends
    this.chains = new PreparedChains({ends, sets, blank, written}, below && changed && {chains: below.chains, changed})
    this.division = new RuleDivision({ends, senders: domain.senders, sets, blank})
    this.indexOf = new Map(domain.receivers.map((address, index) => [address, index]))
  }

  judge(receiver: number): JudgedPackets[] {
    const {ends, received} = this.passed(receiver)
    const all = [
      ...[...ends.accepted, ...received].map(part => judgedPart(part, 'accept')),
      ...ends.dropped.map(part => judgedPart(part, 'drop')),
      ...ends.unknown.map(part => judgedPart(part, 'unknown')),
    ]
    return this.hasForked || this.division.isForked ? disjointPackets(all) : all
  }

  masqueraded(receiver: number): Omit<JudgedPackets, 'verdict' | 'translated'>[] {
    const met = this.passed(receiver).ends.accepted.filter(
      ({state: {packet}}) => !packet.isTranslated && !skipsTable('nat', packet),
    )
    const behind: Ends = {accepted: [], dropped: [], unknown: []}
    this.hook('nat', 'POSTROUTING', met, this.domain.receivers[receiver] as number, behind)
    const changed = behind.accepted.filter(({state: {packet}}) => packet.isTranslated || packet.isSourceTranslated)
    // A sender's own address is not followed, so what becomes of it counts as unknown here.
    return [...changed, ...behind.dropped, ...behind.unknown].map(({from, to, senders}) => ({from, to, senders}))
  }

  /**
   * Walks packets over the rules of those that the node forwards, up to where only their source changes. What is sent on to an address of
   * the node itself, such as that of a pod in its network, is received in place of that.
   *
   * @returns as accepted what is forwarded, and beside it what the node receives
   */
  private passed(receiver: number): {readonly ends: Ends; readonly received: readonly Part[]} {
    this.looks = 0
    this.hasForked = false
    this.division.isForked = false
    const ends: Ends = {accepted: [], dropped: [], unknown: []}
    const state = this.states.of(this.blank)
    const given = this.domain.services.map(({from, to}) => ({from, to, senders: this.ends.senders.all, state}))
    const routed = this.through(ROUTED, given, receiver, ends)
    const isOwn = ({state: {packet}}: Part) => packet.isTranslated && this.host.isOwn(packet.destination)
    const mayBeOwn = routed.filter(part => isOwn(part) !== false)
    const received = this.through(RECEIVED, mayBeOwn, receiver, ends)
    const left = routed.filter(part => isOwn(part) !== true)
    if (left.length + mayBeOwn.length > routed.length) this.hasForked = true
    ends.accepted = this.through(FORWARDED, left, receiver, ends)
    return {ends, received}
  }

  /** @returns the parts that come to the end of all chains */
  private through(hooks: typeof FORWARDED, given: readonly Part[], receiver: number, ends: Ends): Part[] {
    let parts = [...given]
    for (const [table, chain] of hooks) {
      if (parts.length === 0) break
      const isRouted = chain !== 'PREROUTING' && chain !== 'INPUT'
      parts = parts.map(part => this.placed(part, {isTracked: table !== 'raw', out: isRouted ? 'other' : 'none'}))
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
    return parts
  }

  asking(): AskingPackets | undefined {
    const {changed, rules} = this
    // What rules write to sets is in no set that is compared.
    if (!changed || this.written.length > 0) return undefined
    const all = rules.beside ? [rules, rules.beside] : [rules]
    return askingPackets(all, {ends: this.ends, sets: this.sets, changed})
  }

  private placed(part: Part, place: Pick<Passing, 'isTracked' | 'out'>): Part {
    const {packet} = part.state
    const isThere = packet.out === place.out && packet.isTracked === place.isTracked
    return isThere ? part : {...part, state: this.states.of({...packet, ...place})}
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
      const prepared = this.chains.get(rules, table, chain)
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
      parts = this.division.divide(prepared, parts, place.receiver, matched)
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
    const effect = this.states.effect(rule, part.state)
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
        const chain = this.chains.get(place.rules, place.table, effect.chain)
        if (!chain || place.depth >= DEEPEST) return join(ends.unknown, part)
        const back = this.run(chain, [part], {...place, depth: place.depth + 1}, ends)
        for (const each of back) join(effect.goto ? returned : parts, each)
      }
    }
  }
}
