import type {LiveSummary} from '../contract/live.ts'
import type {RuleCounters} from '../dataplane/rule-counters.ts'
import type {Counted} from './live-counts.ts'

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

/** What the kernel has counted for a node as a whole. */
interface NodeTotals {
  readonly newConnections: number | null
  readonly drops: number | null
  readonly dropBytes: number | null
}

export function nodeTotals({structure, packets, bytes, hasCounters}: RuleCounters): NodeTotals {
  if (!hasCounters) return {newConnections: null, drops: null, dropBytes: null}
  const sum = (of: Float64Array) => structure.drops.reduce((total, number) => total + (of[number] ?? 0), 0)
  const newConnections = structure.jump === null ? null : (packets[structure.jump] ?? 0)
  return {newConnections, drops: sum(packets), dropBytes: sum(bytes)}
}
