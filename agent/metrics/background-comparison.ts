import type {Verification} from '../../core/contract/verification.ts'
import type {NodeState} from '../../core/dataplane/dataplane.ts'
import type {Compared} from '../../core/metrics/node-metrics.ts'
import type {Log} from '../log.ts'
import {compareState, type ReadStateOptions, withReadState} from '../snapshots/diff.ts'

export interface BackgroundComparisonOptions extends ReadStateOptions {
  readonly lite: boolean
  readonly log: Log
  /** Another number whenever the agent has written to the node: then the next comparison need not wait for minutes. */
  readonly writes: () => number
}

/** What the last look at the whole node has found. Times are of the monotonic clock, in milliseconds. */
export interface LastComparison extends Compared {
  readonly endedMs: number
  readonly durationMs: number
}

export interface LastVerification {
  readonly endedMs: number
  readonly result: Verification['result']
  readonly open: number
  readonly closed: number
}

/**
 * Compares the node with its policies now and then, and verifies it, for metrics. It happens only while somebody asks, for scrapers
 * at most each some minutes, and for a small part of the time: all others wait meanwhile.
 */
export class BackgroundComparison {
  last: LastComparison | undefined
  verification: LastVerification | undefined
  readonly counts = {done: 0, failed: 0}
  private readonly options: BackgroundComparisonOptions
  private running: Promise<void> | undefined
  /** When the next one may be made, and when it may be if the node was written to. */
  private nextMs = Number.NEGATIVE_INFINITY
  private soonestMs = Number.NEGATIVE_INFINITY
  private seenWrites = 0

  constructor(options: BackgroundComparisonOptions) {
    this.options = options
  }

  /** Begins a comparison when it is time for one, and known what to compare with. Never throws. */
  begin(): void {
    const {watch, writes} = this.options
    const dueMs = writes() === this.seenWrites ? this.nextMs : this.soonestMs
    if (this.running || watch.syncState().asOf === undefined || performance.now() < dueMs) return
    this.running = this.compare().finally(() => (this.running = undefined))
  }

  /**
   * Compares the node now, for who waits for it. What was found just now is as good, where another comparison would take too much of the
   * time. Never throws.
   */
  async refresh(): Promise<void> {
    // What runs already may have read the node before what the person wants to see.
    await this.running
    const isDue = performance.now() >= this.soonestMs && this.options.watch.syncState().asOf !== undefined
    if (!this.running && isDue) this.running = this.compare().finally(() => (this.running = undefined))
    await this.running
  }

  private async compare(): Promise<void> {
    const {limits, log} = this.options
    const startedMs = performance.now()
    this.seenWrites = this.options.writes()
    try {
      await withReadState(this.options, async read => {
        const drift = await compareState(read, this.options)
        const {countNode} = await import('../../core/metrics/count-node.ts')
        const {leakedReferences} = countNode(read.state)
        this.last = {drift, leakedReferences, endedMs: performance.now(), durationMs: 0}
        this.verification = undefined
        if (read.cluster.pods.length > 0) await this.verify(read.state)
      })
      const endedMs = performance.now()
      if (this.last) this.last = {...this.last, endedMs, durationMs: endedMs - startedMs}
      this.counts.done++
    } catch (error) {
      this.counts.failed++
      log.warn({reason: (error as Error).message}, 'The node could not be compared for metrics')
    }
    const durationMs = performance.now() - startedMs
    this.soonestMs = startedMs + durationMs * limits.comparisonPauses
    this.nextMs = Math.max(this.soonestMs, startedMs + limits.comparisonMs)
  }

  private async verify(state: NodeState): Promise<void> {
    const {verifyNode} = await import('../../core/verify/verify-node.ts')
    const {result, counterexamples} = verifyNode(state, {against: 'policies', mostPairs: this.options.limits.verifiedPairs}, [])
    const count = (wanted: string) => counterexamples.filter(({effect}) => effect === wanted).length
    this.verification = {endedMs: performance.now(), result, open: count('open'), closed: count('closed')}
  }
}
