import type {Drift} from '../../core/contract/drift.ts'
import type {LiveSummary} from '../../core/contract/live.ts'
import type {Limits} from '../limits/limits.ts'

/** After so many pauses it is made again in any case: a member that was changed for another one shows in no count. */
const STALE = 10

/**
 * The last comparison of the node with its policies, made again for those who watch: when something has changed that it rests on, and not
 * more often than reading may cost.
 */
export class Comparisons {
  private readonly compare: () => Promise<Drift>
  private readonly limits: Limits
  private known: LiveSummary['differences'] = null
  private isRunning = false
  private nextMs = -Infinity
  private staleMs = -Infinity
  /** What the last one rested on. */
  private seen: readonly unknown[] = []

  constructor(compare: () => Promise<Drift>, limits: Limits) {
    this.compare = compare
    this.limits = limits
  }

  /** What is known; never waits. */
  get current(): LiveSummary['differences'] {
    return this.known
  }

  /** @param rests what a comparison rests on now: rules of Azure NPM and of others, sets, the number of changes of objects */
  look(rests: readonly unknown[]): void {
    if (this.isRunning || performance.now() < this.nextMs) return
    const isSame = rests.length === this.seen.length && rests.every((each, at) => each === this.seen[at])
    if (isSame && performance.now() < this.staleMs) return
    this.isRunning = true
    void this.run(rests)
  }

  private async run(rests: readonly unknown[]): Promise<void> {
    const startedMs = performance.now()
    try {
      const {causes, incomplete} = await this.compare()
      const opens = causes.filter(cause => cause.opens.length > 0).length
      const closes = causes.filter(cause => cause.opens.length === 0 && cause.closes.length > 0).length
      // None was found, and there may be some in what could not be read.
      const isUnknown = causes.length === 0 && incomplete.length > 0
      this.known = isUnknown ? null : {opens, closes, other: causes.length - opens - closes, at: new Date().toISOString()}
      this.seen = rests
    } catch {
      // Whoever asks for it is told why there is none. What was known may not be true any more.
      this.known = null
    } finally {
      const {liveDiffMs, liveShare} = this.limits
      const endMs = performance.now()
      this.nextMs = endMs + Math.max(liveDiffMs, (endMs - startedMs) / liveShare)
      this.staleMs = endMs + STALE * liveDiffMs
      this.isRunning = false
    }
  }
}
