/** Lets through so many at once, and then so many each second. */
export class RateLimit {
  private readonly burst: number
  private readonly perSecond: number
  private readonly now: () => number
  private left: number
  private countedAt: number

  /** @param now milliseconds */
  constructor(burst: number, perSecond: number, now: () => number = () => performance.now()) {
    this.burst = burst
    this.perSecond = perSecond
    this.now = now
    this.left = burst
    this.countedAt = now()
  }

  /** Whether one more may pass now. It is counted when it does. */
  take(): boolean {
    if (!this.has()) return false
    this.left--
    return true
  }

  /** Whether `count` could pass now. */
  has(count = 1): boolean {
    const now = this.now()
    this.left = Math.min(this.burst, this.left + ((now - this.countedAt) / 1000) * this.perSecond)
    this.countedAt = now
    return this.left >= count
  }

  /** Until one more may pass. */
  waitMs(): number {
    return this.has() ? 0 : Math.ceil(((1 - this.left) / this.perSecond) * 1000)
  }
}
