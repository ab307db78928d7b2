import type {LiveSummary} from '../contract/live.ts'
import type {Counted} from './live-counts.ts'
import {nodeTotals} from './rule-counters.ts'

/** What rules and sets of a node tell of it as a whole. */
export function kernelSummary({counters, sets}: Counted): Omit<LiveSummary, 'connections' | 'differences' | 'npm'> {
  const {structure} = counters
  const counts = [...sets.values()]
  return {
    policies: structure.policies,
    rules: structure.rules.length,
    sets: counts.length,
    entries: counts.includes(null) ? null : counts.reduce<number>((sum, count) => sum + (count ?? 0), 0),
    ...nodeTotals(counters),
    active: structure.isActive,
  }
}
