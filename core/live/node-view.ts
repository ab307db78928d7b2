import type {LiveFailure, LiveNode, LiveSample} from '../contract/live.ts'
import type {NodeCounts} from './counts.ts'
import type {NodeRates, RuleRates} from './rates.ts'

/** Rates between two samples that followed each other. */
export interface RateFrame {
  readonly at: string
  /** Of the rules that `rules` counts. */
  readonly structure: string
  readonly node: NodeRates
  /** Absent where samples have no counts, and where none of the rules was there before. */
  readonly rules?: RuleRates
}

/** All that is known of one node. */
export interface NodeView {
  readonly node: string
  /** Its newest rules in words. While their `structure` is not that of `counts`, the rules have just changed, and the next document follows. */
  readonly live?: LiveNode
  /** The rules before those, to know again which are the same. */
  readonly liveBefore?: LiveNode
  readonly sample?: LiveSample
  /** Why nothing comes from it at present; what is known stays. */
  readonly failure?: LiveFailure
  /** Where samples have counts. */
  readonly counts?: NodeCounts
  /** Members of sets when watching began, or when a set was first seen. */
  readonly firstEntries: ReadonlyMap<string, number>
  /** Rates since the last but one sample. Present from the second sample on. */
  readonly rates?: RateFrame
  /** The last ones, oldest first. */
  readonly history: readonly RateFrame[]
}
