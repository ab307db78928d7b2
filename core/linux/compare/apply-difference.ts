import type {RuleList} from '../../policy/rule-list.ts'
import {applySetDifferences} from '../../sets/apply-set-differences.ts'
import type {SetState} from '../../sets/set-difference.ts'
import type {ComparedRule, LinuxDifference} from './compared-rule.ts'
import {applyEdits, editsOf} from './edit-script.ts'

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
