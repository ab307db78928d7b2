import type {OrderDifference, PlacedRule, RuleDifference} from '../../dataplane/difference.ts'
import {ruleKey} from './canonical.ts'
import type {ComparedRule} from './compared-rule.ts'

type Placed = PlacedRule<ComparedRule>

/** One edit of a script: a rule is deleted at its wanted position, inserted at its found position, or both. */
export interface Edit {
  readonly wanted?: Placed
  readonly found?: Placed
  /** See `RuleDifference`. */
  readonly behind?: number
}

type ScriptDifference = RuleDifference<ComparedRule> | OrderDifference<ComparedRule>

/** Converts the differences of one chain to an edit script. A rule whose comment and position differ is one edit. */
export function editsOf(differences: Iterable<ScriptDifference | Edit>): Edit[] {
  const edits = new Map<string, Edit>()
  for (const difference of differences)
    for (const edit of 'pairs' in difference ? difference.pairs : [difference])
      edits.set(`${edit.wanted?.position} ${edit.found?.position}`, edit)
  return [...edits.values()]
}

/**
 * Applies an edit script to the rules of a chain. A rule that is not at its wanted position is searched for in the whole
 * chain, because free rules may have any order.
 */
export function applyEdits(rules: readonly ComparedRule[], edits: readonly Edit[]): ComparedRule[] {
  const gone = new Set<number>()
  const elsewhere: ComparedRule[] = []
  for (const {wanted} of edits) {
    if (!wanted) continue
    const at = wanted.position - 1
    const there = rules[at]
    if (there && !gone.has(at) && (there === wanted.rule || ruleKey(there) === ruleKey(wanted.rule))) gone.add(at)
    else elsewhere.push(wanted.rule)
  }
  for (const wanted of elsewhere) {
    const key = ruleKey(wanted)
    const at = rules.findIndex((rule, index) => !gone.has(index) && ruleKey(rule) === key)
    if (at >= 0) gone.add(at)
  }
  const left = rules.filter((_, index) => !gone.has(index))
  const result: ComparedRule[] = []
  let next = 0
  for (const {rule, position} of edits.flatMap(({found}) => found ?? []).toSorted((a, b) => a.position - b.position)) {
    while (result.length < position - 1 && next < left.length) result.push(left[next++] as ComparedRule)
    result.push(rule)
  }
  return [...result, ...left.slice(next)]
}
