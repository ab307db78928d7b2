import type {LiveCounts, LiveSample} from '../contract/live.ts'

/**
 * Two samples of a node that follow each other as one: for who did not take the first in time. It counts as skipped.
 *
 * @param newer of the same stream, so that it tells what has changed since `older`
 */
export function mergeSamples(older: LiveSample, newer: LiveSample): LiveSample {
  const skipped = older.skipped + newer.skipped + 1
  if (!older.counts || !newer.counts || newer.counts.isFull) return {...newer, skipped}
  return {...newer, skipped, counts: mergeCounts(older.counts, newer.counts)}
}

const FIELDS = 3

function mergeCounts(older: LiveCounts, newer: LiveCounts): LiveCounts {
  const rules = new Map<number, readonly number[]>()
  for (const {rules: counted} of [older, newer])
    for (let at = 0; at + 2 < counted.length; at += FIELDS) rules.set(counted[at] as number, counted.slice(at, at + FIELDS))
  const sets = new Map([...older.sets, ...newer.sets])
  for (const set of newer.goneSets) sets.delete(set)
  return {
    isFull: older.isFull,
    rules: [...rules.values()].flat(),
    sets: [...sets],
    goneSets: [...new Set([...older.goneSets, ...newer.goneSets])].filter(set => !sets.has(set)),
  }
}
