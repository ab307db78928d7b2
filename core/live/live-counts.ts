import type {LiveCounts} from '../contract/live.ts'
import type {RuleCounters} from '../dataplane/rule-counters.ts'

/** What is counted on a node at one moment. */
export interface Counted {
  readonly counters: RuleCounters
  /** Members of each set; null where that is not known. The same object while nothing has changed. */
  readonly sets: ReadonlyMap<string, number | null>
}

/** What somebody must be told who has been told `before`: all of it where the rules have changed since, or nothing was. */
export function countsSince(before: Counted | undefined, {counters, sets}: Counted): LiveCounts {
  const isFull = before?.counters.structure !== counters.structure
  const rules: number[] = []
  const {packets, bytes, hasCounters} = counters
  const old = isFull ? undefined : before?.counters
  if (hasCounters)
    for (let number = 0; number < packets.length; number++) {
      const [packetsNow, bytesNow] = [packets[number] as number, bytes[number] as number]
      if (old?.packets[number] !== packetsNow || old.bytes[number] !== bytesNow) rules.push(number, packetsNow, bytesNow)
    }
  const known = isFull ? undefined : before?.sets
  if (known === sets) return {isFull, rules, sets: [], goneSets: []}
  const changed = [...sets].flatMap(([set, count]): [string, number][] =>
    count !== null && known?.get(set) !== count ? [[set, count]] : [],
  )
  return {isFull, rules, sets: changed, goneSets: known ? [...known.keys()].filter(set => !sets.has(set)) : []}
}
