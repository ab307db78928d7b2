import {directionChains} from '../npm/chain-names.ts'
import type {RuleLine} from './line.ts'
import type {PartRule} from './part-rule.ts'

/** A line with the one that takes it back. */
export interface Edit {
  readonly line: RuleLine
  /** Several lines where rules that were flushed are put back. */
  readonly undo: readonly RuleLine[]
}

/** Rules that are changed one by one, of a chain; of more it is written anew. */
const MOST_EDITS = 16

/** The lines that change a chain's rules, each with what takes it back. Rules that are written anew have the counters of `next`. */
export function chainEdits(chain: string, now: readonly PartRule[] | undefined, next: readonly PartRule[]): Edit[] {
  if (!now) return [declared(chain), ...filled(chain, next)]
  if (now === next) return []
  const edits = fewEdits(chain, now, next)
  return edits ?? rewritten(chain, now, next)
}

const declared = (chain: string): Edit => ({line: {does: 'declare', chain}, undo: [{does: 'remove', chain}]})

const filled = (chain: string, rules: readonly PartRule[]): Edit[] =>
  rules.map((rule, index) => ({
    line: {does: 'append', chain, rule},
    undo: [{does: 'delete', chain, position: index + 1}],
  }))

/** Empties a chain. */
export const flushed = (chain: string, now: readonly PartRule[]): Edit => ({
  line: {does: 'flush', chain},
  undo: now.map(rule => ({does: 'append', chain, rule})),
})

/**
 * A chain that all policies share is not flushed: a rule that Azure NPM puts into it in the instant before would go with the others, and its policy
 * with it.
 */
function rewritten(chain: string, now: readonly PartRule[], next: readonly PartRule[]): Edit[] {
  if (isShared(chain)) return [...emptied(chain, now), ...filled(chain, next)]
  return [...(now.length > 0 ? [flushed(chain, now)] : []), ...filled(chain, next)]
}

/** Each rule is the first one of these when its turn comes. */
const emptied = (chain: string, rules: readonly PartRule[]): Edit[] =>
  rules.map(rule => ({line: {does: 'deleteRule', chain, rule}, undo: [{does: 'insert', chain, position: 1, rule}]}))

/** Edits in place. Undefined when the rules differ in too many places. */
function fewEdits(chain: string, now: readonly PartRule[], next: readonly PartRule[]): Edit[] | undefined {
  let start = 0
  while (start < now.length && start < next.length && isSame(now[start], next[start])) start++
  let end = 0
  while (end < now.length - start && end < next.length - start && isSame(now.at(-1 - end), next.at(-1 - end))) end++
  const [before, after] = [now.slice(start, now.length - end), next.slice(start, next.length - end)]
  if (Math.abs(before.length - after.length) > MOST_EDITS) return undefined
  const kept = commonRules(before, after)
  if (!kept || before.length + after.length - 2 * kept.length > MOST_EDITS) return undefined
  return inPlace({chain, isByRule: rulesNamedBySaying(chain, now, next)}, start, before, after, kept)
}

const isSame = (one: PartRule | undefined, other: PartRule | undefined): boolean => one === other || one?.text === other?.text

/** Longest common part of two lists of rules, as pairs of indexes. Undefined when they are too long to be compared. */
function commonRules(before: readonly PartRule[], after: readonly PartRule[]): (readonly [number, number])[] | undefined {
  if (before.length * after.length > 1_000_000) return undefined
  const width = after.length + 1
  const longest = new Uint32Array((before.length + 1) * width)
  for (let one = before.length - 1; one >= 0; one--)
    for (let other = after.length - 1; other >= 0; other--)
      longest[one * width + other] = isSame(before[one], after[other])
        ? (longest[(one + 1) * width + other + 1] as number) + 1
        : Math.max(longest[(one + 1) * width + other] as number, longest[one * width + other + 1] as number)
  const pairs: (readonly [number, number])[] = []
  for (let [one, other] = [0, 0]; one < before.length && other < after.length; )
    if (isSame(before[one], after[other])) pairs.push([one++, other++])
    else if ((longest[(one + 1) * width + other] as number) >= (longest[one * width + other + 1] as number)) one++
    else other++
  return pairs
}

/**
 * Rules that are deleted by what they say and not by their position. Azure NPM puts the rules of new policies first into chains that all policies
 * share, at any time: a position may be that of one of theirs then.
 */
function rulesNamedBySaying(chain: string, now: readonly PartRule[], next: readonly PartRule[]): (rule: PartRule) => boolean {
  if (!isShared(chain)) return () => false
  const counts = new Map<string, number>()
  for (const {text} of [...now, ...next]) counts.set(text, (counts.get(text) ?? 0) + 1)
  return ({text}) => counts.get(text) === 1
}

const isShared = (chain: string): boolean => Object.values(directionChains).includes(chain)

/** A rule that another one takes the place of is replaced; others are deleted and inserted, first to last. */
function inPlace(
  {chain, isByRule}: {readonly chain: string; readonly isByRule: (rule: PartRule) => boolean},
  start: number,
  before: readonly PartRule[],
  after: readonly PartRule[],
  kept: readonly (readonly [number, number])[],
): Edit[] {
  const edits: Edit[] = []
  let position = start + 1
  let [one, other] = [0, 0]
  for (const [keptOne, keptOther] of [...kept, [before.length, after.length] as const]) {
    while (one < keptOne || other < keptOther) {
      const [old, rule] = [before[one], after[other]]
      if (one < keptOne && old && isByRule(old)) {
        edits.push({line: {does: 'deleteRule', chain, rule: old}, undo: [{does: 'insert', chain, position, rule: old}]})
        one++
      } else if (one < keptOne && other < keptOther && old && rule) {
        edits.push({line: {does: 'replace', chain, position, rule}, undo: [{does: 'replace', chain, position, rule: old}]})
        one++
        other++
        position++
      } else if (other < keptOther && rule) {
        edits.push({line: {does: 'insert', chain, position, rule}, undo: [{does: 'delete', chain, position}]})
        other++
        position++
      } else if (old) {
        edits.push({line: {does: 'delete', chain, position}, undo: [{does: 'insert', chain, position, rule: old}]})
        one++
      }
    }
    one++
    other++
    position++
  }
  return edits
}
