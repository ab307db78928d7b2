import type {RateLimit} from './rate-limit.ts'

/** One of those who wait for turns. */
export interface Waiting {
  /** Milliseconds until it can take a turn; 0 when it can now, undefined when nobody knows. */
  readonly waitMs: number | undefined
  /** Does one piece of work. @returns what it cost, and whether it waits for another turn */
  takeTurn(): {readonly cost: number; readonly waitsOn: boolean}
}

/** How often to look at those of whom nobody knows when they can go on: a client that does not read. */
const LOOK_MS = 50

/**
 * Gives turns to many who each want as many as they can get: one at a time, between which everything else of this process goes on,
 * and in fair shares of what they cost. Together they get no more than the total allows.
 *
 * Start-time fair queueing: everybody has a tag, which its turns move on by their cost; the smallest is next. Who comes, or comes
 * back, begins at the tag that was served last, so it is served before all who have just had something.
 * Source: P. Goyal, H. M. Vin, H. Cheng, "Start-time fair queueing", SIGCOMM 1996
 */
export class FairTurns {
  private readonly total: RateLimit
  private readonly waiting = new Set<Waiting>()
  private readonly tags = new WeakMap<Waiting, number>()
  private servedTag = 0
  private immediate: NodeJS.Immediate | undefined
  private timer: NodeJS.Timeout | undefined

  constructor(total: RateLimit) {
    this.total = total
  }

  /** From now on it waits for a turn. */
  add(waiting: Waiting): void {
    if (!this.waiting.has(waiting)) {
      this.tags.set(waiting, this.tagOf(waiting))
      this.waiting.add(waiting)
    }
    this.schedule(0)
  }

  /** It does not wait any more. */
  delete(waiting: Waiting): void {
    this.waiting.delete(waiting)
    if (this.waiting.size > 0) return
    clearImmediate(this.immediate)
    clearTimeout(this.timer)
    this.immediate = undefined
  }

  /** Counts what was done for somebody without a turn. */
  charge(waiting: Waiting, cost: number): void {
    this.total.charge(cost)
    this.tags.set(waiting, this.tagOf(waiting) + cost)
  }

  private tagOf(waiting: Waiting): number {
    return Math.max(this.tags.get(waiting) ?? 0, this.servedTag)
  }

  private schedule(ms: number): void {
    if (this.immediate) return
    clearTimeout(this.timer)
    if (ms === 0) this.immediate = setImmediate(() => this.turn())
    else this.timer = setTimeout(() => this.turn(), ms)
  }

  private turn(): void {
    this.immediate = undefined
    const totalMs = this.total.waitMs()
    if (totalMs > 0) return this.schedule(totalMs)
    let next: Waiting | undefined
    let tag = Number.POSITIVE_INFINITY
    let soonest = LOOK_MS
    for (const each of this.waiting) {
      const {waitMs = LOOK_MS} = each
      if (waitMs > 0) soonest = Math.min(soonest, waitMs)
      else if ((this.tags.get(each) ?? 0) < tag) {
        next = each
        tag = this.tags.get(each) ?? 0
      }
    }
    if (next) {
      this.servedTag = Math.max(this.servedTag, tag)
      const {cost, waitsOn} = next.takeTurn()
      this.charge(next, cost)
      if (!waitsOn) this.waiting.delete(next)
    }
    if (this.waiting.size > 0) this.schedule(next ? 0 : soonest)
  }
}
