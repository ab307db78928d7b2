import type {EndTruth} from '../../packets/packet-domain.ts'
import type {SetIndex} from '../../sets/set-index.ts'
import type {Match, Rule} from '../iptables/model.ts'
import type {DomainEnds} from './end-conditions.ts'
import {holds, type Passing} from './match.ts'
import {allServicesOf, type ServiceTruth} from './service-truths.ts'
import {type SortedMatches, sortMatches} from './sorted-matches.ts'
import {askedSets, isWritten, type WrittenSets} from './written-sets.ts'

/** A rule whose conditions are sorted by what they look at, those on one end only answered for all ends. */
export interface PreparedRule {
  readonly rule: Rule
  /** Whether a condition that looks at nothing is unknown. */
  readonly isUncertain: boolean
  /** Undefined without a condition on the sender alone. */
  readonly senders: EndTruth | undefined
  readonly receivers: EndTruth | undefined
  /** The conditions on the receiver alone, for receivers that are not in the domain. */
  readonly receiverMatches: readonly Match[]
  /** Undefined without a condition on the protocol and port alone. */
  readonly services: readonly ServiceTruth[] | undefined
  readonly serviceMatches: readonly Match[]
  /** Conditions on what rules and hooks change: marks, the connection's state. */
  readonly changing: readonly Match[]
  /** Conditions on the service and something else, but not on the sender. */
  readonly mixed: readonly Match[]
  /** Conditions on the sender and something else. */
  readonly senderMixed: readonly Match[]
  /** The rule for packets for which rules before it wrote these sets. Absent where it asks none that any rule writes. */
  readonly after?: (written: WrittenSets) => PreparedRule | undefined
}

/** What the conditions of rules are answered for. */
export interface RulePreparation {
  readonly ends: DomainEnds
  readonly sets: SetIndex
  /** A packet of the domain before its sender, receiver and service are filled in. */
  readonly blank: Passing
  /** The sets that any rule of the node writes. */
  readonly written: WrittenSets
}

/** @returns undefined for a rule that no packet of the domain matches */
export function prepareRule(
  rule: Rule,
  preparation: RulePreparation,
  matches: readonly Match[] = rule.matches,
): LatePreparedRule | undefined {
  const {ends, sets, blank} = preparation
  const sorted = sortMatches(matches, sets)
  let isUncertain = sorted.isUncertain || matches.length < rule.matches.length
  for (const match of sorted.fixed) {
    const truth = holds(match, blank, sets)
    if (truth === false) return undefined
    if (truth === 'unknown') isUncertain = true
  }
  const prepared = new LatePreparedRule(rule, {...sorted, isUncertain}, preparation)
  // Of few senders it is soon known that a rule is for none of them. Of many it is asked for the receivers that there are.
  const isOfNoSender = ends.senders.all.size <= ends.receivers.all.size && prepared.senders?.possible.isEmpty
  return isOfNoSender ? undefined : prepared
}

/** Most rules of a node are for other receivers, so what else they ask is answered when a packet to one of theirs comes. */
class LatePreparedRule implements PreparedRule {
  readonly rule: Rule
  after?: NonNullable<PreparedRule['after']>
  private readonly sorted: SortedMatches
  private readonly preparation: RulePreparation
  private from: EndTruth | undefined
  private to: EndTruth | undefined
  private ranges: readonly ServiceTruth[] | undefined

  constructor(rule: Rule, sorted: SortedMatches, preparation: RulePreparation) {
    this.rule = rule
    this.sorted = sorted
    this.preparation = preparation
  }

  get isUncertain(): boolean {
    return this.sorted.isUncertain
  }

  get senders(): EndTruth | undefined {
    return (this.from ??= this.preparation.ends.senders.ofAll(this.sorted.senders))
  }

  get receivers(): EndTruth | undefined {
    return (this.to ??= this.preparation.ends.receivers.ofAll(this.sorted.receivers))
  }

  get receiverMatches(): readonly Match[] {
    return this.sorted.receivers
  }

  get services(): readonly ServiceTruth[] | undefined {
    if (this.sorted.services.length === 0) return undefined
    return (this.ranges ??= allServicesOf(this.sorted.services, this.preparation.blank, this.preparation.sets))
  }

  get serviceMatches(): readonly Match[] {
    return this.sorted.services
  }

  get changing(): readonly Match[] {
    return this.sorted.changing
  }

  get mixed(): readonly Match[] {
    return this.sorted.mixed
  }

  get senderMixed(): readonly Match[] {
    return this.sorted.senderMixed
  }
}

/**
 * A rule that asks sets that other rules write, for packets that have passed such rules, or have not.
 *
 * @returns undefined when it asks none of them
 */
export function prepareDoubtfulRule(rule: Rule, preparation: RulePreparation): PreparedRule | undefined {
  const {sets, written} = preparation
  const isAsked = (match: Match, those: WrittenSets) => askedSets(match).some(name => isWritten(name, those, sets))
  if (written.length === 0 || !rule.matches.some(match => isAsked(match, written))) return undefined
  const known = new Map<string, PreparedRule | undefined>()
  const prepare = (those: WrittenSets): LatePreparedRule | undefined => {
    const matches = rule.matches.filter(match => !isAsked(match, those))
    return prepareRule(rule, preparation, matches)
  }
  const after = (those: WrittenSets): PreparedRule | undefined => {
    const key = those.join(' ')
    if (!known.has(key)) known.set(key, prepare(those))
    return known.get(key)
  }
  const unasked = prepare(written)
  if (unasked) unasked.after = after
  return unasked
}
