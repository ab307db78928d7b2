import type {OrderDifference, PlacedRule, RuleDifference, RulePair} from '../../dataplane/difference.ts'
import {hasComment, ruleKey} from './canonical.ts'
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

/** Positions of the rules that a script does not name. */
class Untouched {
  private readonly wanted: readonly number[]
  private readonly found: readonly number[]

  constructor(edits: readonly Edit[]) {
    this.wanted = positions(edits.map(({wanted}) => wanted))
    this.found = positions(edits.map(({found}) => found))
  }

  /** Maps a position before the script to the one after it. */
  forward(position: number): number {
    return moved(position, this.wanted, this.found)
  }

  /** Maps a position after the script to the one before it. */
  back(position: number): number {
    return moved(position, this.found, this.wanted)
  }

  /** The number of these rules before a position on the wanted side. */
  beforeWanted(position: number): number {
    return position - 1 - below(this.wanted, position)
  }

  /** The number of these rules before a position on the found side. */
  beforeFound(position: number): number {
    return position - 1 - below(this.found, position)
  }
}

const positions = (placed: readonly (Placed | undefined)[]): number[] =>
  placed.flatMap(each => each?.position ?? []).toSorted((a, b) => a - b)

const below = (sorted: readonly number[], position: number): number => sorted.filter(each => each < position).length

/** Maps a position from one side to the other: subtracts the edits before it, and adds those of the other side. */
function moved(position: number, from: readonly number[], to: readonly number[]): number {
  let at = position - below(from, position)
  for (const each of to) {
    if (each > at) break
    at++
  }
  return at
}

/**
 * Composes two consecutive edit scripts into one. Positions are mapped through both scripts, because rules that a script does
 * not name keep their order. An edit that the second script undoes is left out.
 */
export function composeEdits(first: readonly Edit[], second: readonly Edit[]): Edit[] {
  const [before, after] = [new Untouched(first), new Untouched(second)]
  const left = new Map(second.flatMap(edit => (edit.wanted ? [[edit.wanted.position, edit] as const] : [])))
  const composed: Edit[] = []
  for (const {wanted, found} of first) {
    const next = found && left.get(found.position)
    if (next) left.delete(next.wanted?.position ?? 0)
    const end = next ? next.found : found && {rule: found.rule, position: after.forward(found.position)}
    if (wanted || end) composed.push({...(wanted && {wanted}), ...(end && {found: end})})
  }
  for (const {wanted, found} of left.values())
    if (wanted) composed.push({wanted: {rule: wanted.rule, position: before.back(wanted.position)}, ...(found && {found})})
  for (const {wanted, found} of second) if (!wanted && found) composed.push({found})
  return withPlaces(withoutNeedless(paired(composed)))
}

/** Joins the deletion and the insertion of equal rules into one edit, a move. */
function paired(edits: readonly Edit[]): Edit[] {
  const gone = new Map<string, Placed[]>()
  const byPosition = (side: 'wanted' | 'found') => (a: Edit, b: Edit) => (a[side]?.position ?? 0) - (b[side]?.position ?? 0)
  for (const {wanted, found} of edits.toSorted(byPosition('wanted'))) {
    if (!wanted || found) continue
    const key = ruleKey(wanted.rule)
    gone.set(key, [...(gone.get(key) ?? []), wanted])
  }
  const pairs = edits.filter(({wanted, found}) => wanted && found)
  for (const {wanted, found} of edits.toSorted(byPosition('found'))) {
    if (wanted || !found) continue
    const match = gone.get(ruleKey(found.rule))?.shift()
    pairs.push(match ? {wanted: match, found} : {found})
  }
  return [...pairs, ...[...gone.values()].flat().map(wanted => ({wanted}))]
}

/** Leaves out pairs of equal rules that would have the same position without an edit. */
function withoutNeedless(edits: readonly Edit[]): Edit[] {
  const untouched = new Untouched(edits)
  const needless = new Set<Edit>()
  let last = 0
  for (const edit of edits.filter(isPair).toSorted((a, b) => a.wanted.position - b.wanted.position)) {
    const {wanted, found} = edit
    if (!isUnchanged(edit) || found.position < last) continue
    if (untouched.beforeWanted(wanted.position) !== untouched.beforeFound(found.position)) continue
    needless.add(edit)
    last = found.position
  }
  return edits.filter(edit => !needless.has(edit))
}

const isPair = (edit: Edit): edit is RulePair<ComparedRule> => edit.wanted !== undefined && edit.found !== undefined

const isUnchanged = ({wanted, found}: RulePair<ComparedRule>): boolean =>
  ruleKey(wanted.rule) === ruleKey(found.rule) && hasComment(found.rule, wanted.rule)

/** Adds `behind` to the edits of rules that only one side has. */
function withPlaces(edits: readonly Edit[]): Edit[] {
  const untouched = new Untouched(edits)
  const pairs = edits.filter(isPair)
  return edits.map(edit => {
    if (isPair(edit)) return edit
    const [side, other] = edit.wanted ? (['wanted', 'found'] as const) : (['found', 'wanted'] as const)
    const position = edit[side]?.position ?? 0
    const count = side === 'wanted' ? untouched.beforeWanted(position) : untouched.beforeFound(position)
    const last = count === 0 ? 0 : moved(count, [], positions(edits.map(each => each[other])))
    const moves = pairs.filter(pair => pair[side].position < position).map(pair => pair[other].position)
    return {...edit, behind: Math.max(last, ...moves)}
  })
}

/** Converts an edit script of one chain to differences. */
export function differencesOf(
  chain: string,
  edits: readonly Edit[],
  policy: string | undefined,
): (RuleDifference<ComparedRule> | OrderDifference<ComparedRule>)[] {
  const common = {chain, ...(policy !== undefined && {policy})}
  const moves = edits.filter(isPair).filter(isUnchanged)
  const rules = edits.filter(edit => !moves.includes(edit as RulePair<ComparedRule>))
  return [
    ...rules.map(edit => ({kind: 'rule' as const, ...common, ...edit})),
    ...(moves.length > 0 ? [{kind: 'order' as const, ...common, pairs: moves}] : []),
  ]
}
