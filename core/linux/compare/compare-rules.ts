import type {ChainDifference, JumpDifference, OrderDifference, RuleDifference, RulePair} from '../../dataplane/difference.ts'
import type {RuleList} from '../../policy/rule-list.ts'
import {FORWARD_CHAIN, NPM_CHAIN, SERVICES_CHAIN} from '../npm/chain-names.ts'
import {policyChain} from '../npm/policy-chain.ts'
import {hasComment, isSameRule, ruleKey, ruleText} from './canonical.ts'
import {type ComparedRule, isFree, type LinuxDifference} from './compared-rule.ts'

/** The wanted chains, and the wanted rules of FORWARD. */
export interface WantedRules {
  readonly chains: ReadonlyMap<string, RuleList<ComparedRule>>
  /** Chains of policies that were not compiled: what they hold is not compared. */
  readonly notCompared: ReadonlySet<string>
  readonly forward: readonly ComparedRule[]
  /** Whether the jump may have any position after the rule that leads to KUBE-SERVICES, as in NPM v1. */
  readonly isJumpLoose: boolean
}

/** The parts of a node's filter table that are compared. */
export interface FoundRules {
  /** Azure NPM's chains. */
  readonly names: Iterable<string>
  has(chain: string): boolean
  rules(chain: string): readonly ComparedRule[]
  /** Whether a chain has no rules. Does not parse them. */
  isEmpty(chain: string): boolean
  /** Whether a missing rule is known to be absent. A truncated save may have lost it. */
  readonly isComplete: boolean
}

/** Compares Azure NPM's chains on a node with the wanted ones: base chains, policy chains, and the jump from FORWARD. */
export function compareRules(wanted: WantedRules, found: FoundRules): {differences: LinuxDifference[]; notes: string[]} {
  const differences: LinuxDifference[] = []
  const notes: string[] = []
  for (const [chain, rules] of wanted.chains) {
    if (!found.has(chain)) differences.push({kind: 'chain', chain, ...ownerOf(chain, rules), wanted: rules})
    else for (const difference of compareChain(chain, rules, found.rules(chain))) differences.push(difference)
  }
  for (const chain of found.names) {
    if (wanted.chains.has(chain) || wanted.notCompared.has(chain)) continue
    if (found.isEmpty(chain)) notes.push(`chain ${chain} is empty and no rule leads there: Azure NPM removes it later`)
    else differences.push({kind: 'chain', chain, found: found.rules(chain)} satisfies ChainDifference<ComparedRule>)
  }
  differences.push(...compareJump(wanted, found))
  return {differences, notes}
}

/** The policy of a chain. Base chains have none, because they hold the jumps of many policies. */
function ownerOf(chain: string, rules: RuleList<ComparedRule>): {policy?: string} {
  const policy = policyChain(chain) ? firstPolicy(rules) : undefined
  return policy === undefined ? {} : {policy}
}

function firstPolicy(rules: Iterable<ComparedRule>): string | undefined {
  for (const {policy} of rules) if (policy !== undefined) return policy
  return undefined
}

type Pair = RulePair<ComparedRule>

/**
 * Compares the rules of one chain. Free rules (see `isFree`) may have any order among each other, but not on the other side
 * of a rule that is not free. All other rules have a fixed order.
 */
export function compareChain(
  chain: string,
  wanted: RuleList<ComparedRule>,
  found: RuleList<ComparedRule>,
): (RuleDifference<ComparedRule> | OrderDifference<ComparedRule>)[] {
  if (areSame(wanted, found)) return []
  const owner = ownerOf(chain, wanted)
  const {pairs, missing, extra} = matchRules([...wanted], [...found])
  const changed = pairs.filter(({wanted: {rule: asked}, found: {rule: real}}) => !hasComment(real, asked))
  return [
    ...missing.map(each => ({kind: 'rule' as const, chain, ...policyOf(each.wanted.rule), ...each})),
    ...extra.map(each => ({kind: 'rule' as const, chain, ...owner, ...each})),
    ...changed.map(pair => ({kind: 'rule' as const, chain, ...policyOf(pair.wanted.rule), ...pair})),
    ...(isInOrder(pairs, extra) ? [] : [{kind: 'order' as const, chain, ...owner, pairs}]),
  ]
}

/** Whether all rules are equal, one after the other. Rules that are made when they are asked for are made once. */
function areSame(wanted: RuleList<ComparedRule>, found: RuleList<ComparedRule>): boolean {
  if (found.length !== wanted.length) return false
  const asked = wanted[Symbol.iterator]()
  for (const rule of found) if (!isSameRule(rule, asked.next().value as ComparedRule)) return false
  return true
}

const policyOf = ({policy}: ComparedRule): {policy?: string} => (policy === undefined ? {} : {policy})

type Missing = {readonly wanted: Pair['wanted']; readonly behind: number}
type Extra = {readonly found: Pair['found']; readonly behind: number}

/** Pairs equal rules in order, and finds where a rule of only one side belongs on the other side. */
function matchRules(
  wanted: readonly ComparedRule[],
  found: readonly ComparedRule[],
): {pairs: Pair[]; missing: Missing[]; extra: Extra[]} {
  const left = new Map<string, number[]>()
  for (const [index, rule] of found.entries()) {
    const key = ruleKey(rule)
    const equal = left.get(key)
    if (equal) equal.push(index)
    else left.set(key, [index])
  }
  const pairs: Pair[] = []
  const missing: Missing[] = []
  const wantedPosition = new Map<number, number>()
  let behind = 0
  for (const [index, rule] of wanted.entries()) {
    const position = index + 1
    const at = left.get(ruleKey(rule))?.shift()
    if (at === undefined) {
      missing.push({wanted: {rule, position}, behind})
      continue
    }
    pairs.push({wanted: {rule, position}, found: {rule: found[at] as ComparedRule, position: at + 1}})
    wantedPosition.set(at + 1, position)
    behind = Math.max(behind, at + 1)
  }
  const lastPair = new Map<number, number>()
  behind = 0
  for (let position = 1; position <= found.length; position++) {
    lastPair.set(position, behind)
    behind = Math.max(behind, wantedPosition.get(position) ?? 0)
  }
  const extra = [...left.values()].flat().map(at => {
    const position = at + 1
    return {found: {rule: found[at] as ComparedRule, position}, behind: lastPair.get(position) ?? 0}
  })
  return {pairs, missing, extra}
}

/**
 * Whether paired rules have the same order on both sides, where order matters. Extra rules are inserted into the wanted
 * chain at their positions first.
 */
function isInOrder(pairs: readonly Pair[], extra: readonly Extra[]): boolean {
  const extraAt = new Map(extra.map(({found}) => [found.position, found]))
  let last = 0
  let lastFree = 0
  const isPlaced = ({rule, position}: Pair['found']): boolean => {
    if (isFree(rule)) {
      lastFree = Math.max(lastFree, position)
      return position > last
    }
    if (position < last || position < lastFree) return false
    last = position
    return true
  }
  let slot = 1
  for (const {wanted, found} of pairs) {
    for (let each = extraAt.get(slot); each; each = extraAt.get(++slot)) if (!isPlaced(each)) return false
    if (!isPlaced({rule: wanted.rule, position: found.position})) return false
    slot++
  }
  return true
}

/**
 * Compares the jump from FORWARD. It must come first, or directly after the first rule that leads to KUBE-SERVICES; both are
 * settings of Azure NPM. In NPM v1 it may have any position after that rule.
 */
function compareJump({forward: asked, isJumpLoose}: WantedRules, found: FoundRules): JumpDifference<ComparedRule>[] {
  const chain = FORWARD_CHAIN
  const forward = found.rules(chain)
  const leadsToNpm = ({target}: ComparedRule): boolean => target?.kind === 'jump' && target.chain === NPM_CHAIN
  const jumpsIn = (rules: readonly ComparedRule[]) =>
    rules.flatMap((rule, index) => (leadsToNpm(rule) ? [{rule, position: index + 1}] : []))
  const [wanted, jumps] = [jumpsIn(asked), jumpsIn(forward)]
  const missing = found.isComplete ? wanted.slice(jumps.length) : []
  const differences: JumpDifference<ComparedRule>[] = [
    ...missing.map(each => ({kind: 'jump' as const, chain, wanted: each})),
    ...jumps.slice(wanted.length).map(each => ({kind: 'jump' as const, chain, found: each})),
  ]
  const [first, jump] = [wanted[0], jumps[0]]
  if (!first || !jump) return differences
  const services = forward.findIndex(rule => ruleText(rule).includes(SERVICES_CHAIN))
  const behindServices = services < 0 ? 1 : services + 2
  const pair = {wanted: {rule: first.rule, position: behindServices}, found: jump}
  if (ruleKey(jump.rule) !== ruleKey(first.rule)) differences.push({kind: 'jump', chain, ...pair})
  const isBehind = isJumpLoose ? jump.position >= behindServices : jump.position === behindServices
  if (jump.position !== 1 && !isBehind) differences.push({kind: 'jump', chain, ...pair, around: forward})
  return differences
}
