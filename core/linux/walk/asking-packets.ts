import {Bits} from '../../packets/bits.ts'
import type {AskingEnds, AskingPackets} from '../../packets/packet-domain.ts'
import type {SetIndex} from '../../sets/set-index.ts'
import {sidesOf} from '../../sets/sides.ts'
import type {Match, Rule} from '../iptables/model.ts'
import type {ChangedSets} from './changed-sets.ts'
import type {DomainEnds} from './end-conditions.ts'
import {FROM_OUTSIDE} from './hooks.ts'
import {endConditionsOf} from './sorted-matches.ts'
import {isNameOfChain, isPassive} from './target.ts'
import {translating} from './translation.ts'
import type {WalkedRules} from './walked-rules.ts'

/** What decides which packets may meet which rules. */
export interface AskingOptions {
  readonly ends: DomainEnds
  readonly sets: SetIndex
  readonly changed: ChangedSets
}

/** The senders and receivers of packets that may come to a chain, each end by itself. */
interface Reach {
  readonly senders: Bits
  readonly receivers: Bits
}

/** A chain with those of its rules by which a changed set can change what becomes of a packet, and where the others lead. */
interface AskedChain {
  readonly asking: Rule[]
  readonly translating: Rule[]
  readonly jumps: {readonly rule: Rule; readonly to: AskedChain}[]
  readonly callers: Set<AskedChain>
  /** Whether every packet may come to it. */
  isOpen: boolean
  reach?: Reach
}

/**
 * The packets that meet a rule which asks a changed set. Which they are is told by the conditions on one end of the way there, so
 * that few rules of a node are looked at: those that lead to the ones that ask.
 *
 * @param all the rules of each back end
 */
export function askingPackets(all: readonly WalkedRules[], options: AskingOptions): AskingPackets {
  const rules: AskingEnds[] = []
  let sentOn = Bits.none
  for (const each of all) {
    const chains = chainsOf(each, options.changed)
    for (const {asking, translating, reach} of reached(chains, options)) {
      if (!reach) continue
      for (const rule of asking) {
        const ends = within(reach, rule, options)
        rules.push({...ends, ...sidesAsked(rule, options.changed)})
      }
      for (const rule of translating) sentOn = sentOn.or(within(reach, rule, options).receivers)
    }
  }
  return {rules, sentOn}
}

/** All chains that packets from outside come to. Those of hooks are open. */
function chainsOf(rules: WalkedRules, changed: ChangedSets): AskedChain[] {
  const found: AskedChain[] = []
  for (const table of new Set(FROM_OUTSIDE.map(([each]) => each))) {
    const byName = new Map<string, AskedChain | undefined>()
    const chainOf = (name: string): AskedChain | undefined => {
      if (byName.has(name)) return byName.get(name)
      const walked = rules.chain(table, name)
      const chain: AskedChain | undefined = walked && {
        asking: [],
        translating: [],
        jumps: [],
        callers: new Set(),
        isOpen: false,
      }
      byName.set(name, chain)
      if (!chain || !walked) return undefined
      found.push(chain)
      for (const rule of walked.rules) {
        const {target, matches} = rule
        if (isPassive(target)) continue
        if (matches.some(match => changed.isAskedBy(match)) || isUnknown(rule)) chain.asking.push(rule)
        if (target?.kind === 'extension' && translating.has(target.name)) chain.translating.push(rule)
        const to = target?.kind === 'jump' ? chainOf(target.chain) : undefined
        if (!to) continue
        chain.jumps.push({rule, to})
        to.callers.add(chain)
      }
      return chain
    }
    for (const [of, name] of FROM_OUTSIDE) {
      const chain = of === table ? chainOf(name) : undefined
      if (chain) chain.isOpen = true
    }
  }
  return found
}

/** Whether more rules may follow than are known. They may ask any set. */
const isUnknown = ({target}: Rule): boolean =>
  target?.kind === 'extension' && (target.lost !== undefined || isNameOfChain(target.name))

/** Finds which packets may come to the chains that ask. */
function reached(chains: readonly AskedChain[], options: AskingOptions): readonly AskedChain[] {
  const {senders, receivers} = options.ends
  const everything: Reach = {senders: senders.all, receivers: receivers.all}
  const open = chains.filter(({isOpen}) => isOpen)
  for (const {jumps} of open)
    for (const {rule, to} of jumps)
      if (!to.isOpen && !rule.matches.some(mayTellEnds)) {
        to.isOpen = true
        open.push(to)
      }
  const wanted = new Set(chains.filter(({asking, translating}) => asking.length + translating.length > 0))
  // To a chain that all packets come to it does not matter by which way they come.
  for (const chain of wanted) if (!chain.isOpen) for (const caller of chain.callers) wanted.add(caller)
  const waiting = new Set(open.filter(chain => wanted.has(chain)))
  for (const chain of waiting) chain.reach = everything
  for (const chain of waiting) {
    // It is looked at again when more packets turn out to come to it.
    waiting.delete(chain)
    for (const {rule, to} of chain.jumps) {
      if (to.isOpen || !wanted.has(to)) continue
      const more = within(chain.reach ?? everything, rule, options)
      const known = to.reach
      const both: Reach = known ? {senders: known.senders.or(more.senders), receivers: known.receivers.or(more.receivers)} : more
      if (known && both.senders.equals(known.senders) && both.receivers.equals(known.receivers)) continue
      to.reach = both
      waiting.add(to)
    }
  }
  return [...wanted]
}

/** Whether a condition may tell senders or receivers apart. */
const mayTellEnds = ({kind}: Match): boolean =>
  kind === 'set' || kind === 'address' || kind === 'interface' || kind === 'extension'

/** The packets that may meet a rule, of those that come to its chain. What it asks of changed sets is left out. */
function within({senders, receivers}: Reach, rule: Rule, {ends, sets, changed}: AskingOptions): Reach {
  const asked = endConditionsOf(
    rule.matches.filter(match => !changed.isAskedBy(match)),
    sets,
  )
  const [from, to] = [ends.senders.ofAll(asked.senders), ends.receivers.ofAll(asked.receivers)]
  return {
    senders: from ? senders.and(from.possible) : senders,
    receivers: to ? receivers.and(to.possible) : receivers,
  }
}

/** Whose address a rule looks for in changed sets. */
function sidesAsked({matches}: Rule, changed: ChangedSets): Pick<AskingEnds, 'asksSender' | 'asksReceiver'> {
  const asked = matches.filter(match => changed.isAskedBy(match))
  const isOnly = (isSource: boolean) =>
    asked.length > 0 &&
    asked.every(match => match.kind === 'set' && sidesOf(match.sides).isSource.every(each => each === isSource))
  return {asksSender: !isOnly(false), asksReceiver: !isOnly(true)}
}
