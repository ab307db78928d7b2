import type {LiveSummary} from '../../core/contract/live.ts'
import type {Counted} from '../../core/live/live-counts.ts'

/** What was counted on this node at one moment. */
export interface Reading extends Counted {
  /** Of the monotonic clock, in milliseconds. */
  readonly ms: number
  /** RFC 3339. */
  readonly at: string
  /** Digest of the rules. */
  readonly structure: string
  readonly summary: LiveSummary
  readonly readMs: number
  /** Milliseconds until the next one, at least. */
  readonly pauseMs: number
}
