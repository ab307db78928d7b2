import type {LiveCounts, LiveSample} from '../contract/live.ts'
import type {RuleCounts} from './rates.ts'

/** What is counted on a node now: all changes of its samples applied. */
export interface NodeCounts {
  readonly rules: RuleCounts
  /** Members of sets by kernel name. */
  readonly entries: ReadonlyMap<string, number>
}

/** Numbers of a rule, its packets and its bytes. */
const FIELDS = 3

/** @param before the counts after the sample before */
export function addCounts(
  before: NodeCounts | undefined,
  {structure, at}: Pick<LiveSample, 'structure' | 'at'>,
  {isFull, rules, sets, goneSets}: LiveCounts,
): NodeCounts {
  const base = !isFull && before?.rules.structure === structure ? before.rules : undefined
  let length = base?.packets.length ?? 0
  for (let at = 0; at < rules.length; at += FIELDS) length = Math.max(length, (rules[at] as number) + 1)
  const packets = copyOf(base?.packets, length)
  const bytes = copyOf(base?.bytes, length)
  for (let at = 0; at + 2 < rules.length; at += FIELDS) {
    const number = rules[at] as number
    packets[number] = rules[at + 1] as number
    bytes[number] = rules[at + 2] as number
  }
  return {
    rules: {structure, atMs: Date.parse(at), packets, bytes},
    entries: entriesAfter(isFull ? undefined : before?.entries, sets, goneSets),
  }
}

function copyOf(numbers: Float64Array | undefined, length: number): Float64Array {
  const copy = new Float64Array(length).fill(Number.NaN, numbers?.length ?? 0)
  if (numbers) copy.set(numbers)
  return copy
}

function entriesAfter(
  before: ReadonlyMap<string, number> | undefined,
  sets: LiveCounts['sets'],
  goneSets: readonly string[],
): ReadonlyMap<string, number> {
  if (before && sets.length + goneSets.length === 0) return before
  const entries = new Map(before)
  for (const [set, count] of sets) entries.set(set, count)
  for (const set of goneSets) entries.delete(set)
  return entries
}
