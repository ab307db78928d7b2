import type {RuleCounters} from '../../core/dataplane/rule-counters.ts'

/** Reads rules and sets of a node, and what they have counted, again and again. */
export interface LiveCounters {
  /** @throws RefusedError `READ_FAILED` when they cannot be read */
  rules(signal: AbortSignal): Promise<RuleCounters>
  /** Members of each set of Azure NPM. @throws RefusedError `READ_FAILED` */
  sets(signal: AbortSignal): Promise<Map<string, number | null>>
  /** Processor time that this thread has spent on it so far, in milliseconds. */
  readonly spentMs: number
}
