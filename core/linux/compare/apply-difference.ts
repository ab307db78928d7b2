import type {RuleList} from '../../policy/rule-list.ts'
import {applyMember, applySetDifferences} from '../../sets/apply-set-differences.ts'
import type {SetState} from '../../sets/set-difference.ts'
import type {Rule} from '../iptables/model.ts'
import type {CopyOnWriteMap} from '../walk/copy-on-write-map.ts'
import {ruleKey} from './canonical.ts'
import {type ComparedRule, type LinuxDifference, savedRule} from './compared-rule.ts'
import {applyEdits, type Edit, editsOf} from './edit-script.ts'

/** A set as a walk uses it. */
export interface PatchedSet {
  readonly type: string
  readonly members: readonly string[]
}

/** A program as on a node, with changes. It shows the effect of one difference alone. */
export interface PatchedNode {
  readonly sets: CopyOnWriteMap<PatchedSet>
  /** FORWARD and Azure NPM's chains. */
  readonly chains: CopyOnWriteMap<readonly Rule[]>
}

/**
 * Applies one difference to a program, so that it has what was found instead of what is wanted.
 *
 * A missing set or chain becomes empty, because the kernel does not remove one that a rule names.
 */
export function applyDifference(difference: LinuxDifference, {sets, chains}: PatchedNode): void {
  switch (difference.kind) {
    case 'member': {
      const {kernelName} = difference.set
      const members = applyMember(sets.get(kernelName)?.members ?? [], difference)
      sets.set(kernelName, {type: difference.type, members})
      return
    }
    case 'set': {
      const {wanted, found} = difference
      if (wanted?.type === found?.type) return
      sets.set(difference.set.kernelName, found ?? {type: wanted?.type ?? '', members: []})
      return
    }
    case 'chain':
      chains.set(difference.chain, Array.from(difference.found ?? [], asSaved))
      return
    case 'rule':
      chains.set(difference.chain, withEdit(chains.get(difference.chain) ?? [], difference))
      return
    case 'order':
      chains.set(difference.chain, reordered(chains.get(difference.chain) ?? [], difference.pairs))
      return
    case 'jump':
      if (difference.around) chains.set(difference.chain, difference.around.map(asSaved))
      else chains.set(difference.chain, withEdit(chains.get(difference.chain) ?? [], difference))
  }
}

const asSaved = (rule: ComparedRule, index: number): Rule => ('source' in rule ? (rule as Rule) : savedRule(rule, index + 1))

/** A copy of a chain with one rule deleted, inserted or replaced. */
function withEdit(rules: readonly Rule[], {wanted, found, behind = 0}: Edit): Rule[] {
  const left = [...rules]
  const at = wanted ? placeOf(left, wanted) : behind
  if (wanted && at >= 0) left.splice(at, 1)
  if (found) left.splice(at < 0 ? left.length : at, 0, asSaved(found.rule, at))
  return left
}

/** The index of a rule: at its position, or elsewhere if the chain has another order. -1 if it is not in the chain. */
function placeOf(rules: readonly Rule[], {rule, position}: NonNullable<Edit['wanted']>): number {
  const key = ruleKey(rule)
  const there = rules[position - 1]
  return there && ruleKey(there) === key ? position - 1 : rules.findIndex(each => ruleKey(each) === key)
}

/** A copy of a chain in which the rules of `pairs` exchange their places, so that they stand in the found order. */
function reordered(rules: readonly Rule[], pairs: readonly Required<Pick<Edit, 'wanted' | 'found'>>[]): Rule[] {
  const places = pairs.map(({wanted}) => wanted.position - 1).toSorted((a, b) => a - b)
  const found = pairs.map(pair => pair.found).toSorted((a, b) => a.position - b.position)
  const result = [...rules]
  for (const [index, {rule}] of found.entries()) {
    const at = places[index] as number
    result[at] = asSaved(rule, at)
  }
  return result
}

/** The sets and chains, including FORWARD, of a program or a node. */
export interface LinuxTables {
  readonly sets: ReadonlyMap<string, SetState>
  readonly chains: ReadonlyMap<string, RuleList<ComparedRule>>
}

/**
 * Applies all differences between two sides at once, so that the wanted side becomes the found one.
 *
 * @param tables the wanted side; it is not changed
 */
export function applyDifferences(differences: readonly LinuxDifference[], tables: LinuxTables): LinuxTables {
  const sets = new Map(tables.sets)
  const chains = new Map(tables.chains)
  const {bySet, byChain} = grouped(differences)
  for (const [name, each] of bySet) {
    const state = applySetDifferences(sets.get(name), each)
    if (state) sets.set(name, state)
    else sets.delete(name)
  }
  for (const [name, each] of byChain) {
    const whole = each.find(difference => difference.kind === 'chain')
    if (!whole) chains.set(name, applyEdits([...(chains.get(name) ?? [])], editsOf(each.filter(isEdit))))
    else if (whole.found) chains.set(name, whole.found)
    else chains.delete(name)
  }
  return {sets, chains}
}

type OfSet = Extract<LinuxDifference, {kind: 'set' | 'member'}>
type OfChain = Exclude<LinuxDifference, OfSet>

/** Groups differences by set and by chain. */
export function grouped(differences: readonly LinuxDifference[]): {
  readonly bySet: Map<string, OfSet[]>
  readonly byChain: Map<string, OfChain[]>
} {
  const bySet = Map.groupBy(
    differences.filter(each => 'set' in each),
    ({set}) => set.kernelName,
  )
  const byChain = Map.groupBy(
    differences.filter(each => 'chain' in each),
    ({chain}) => chain,
  )
  return {bySet, byChain}
}

/** Whether a difference is part of the edit script of its chain. */
export const isEdit = (difference: OfChain): difference is Exclude<OfChain, {kind: 'chain'}> => difference.kind !== 'chain'
