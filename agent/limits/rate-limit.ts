/** A token bucket: lets through a burst, and after it so many each second. */
export class RateLimit {
  private readonly burst: number
  private readonly perSecond: number
  private readonly now: () => number
  private tokens: number
  private countedAt: number

  /**
   * @param burst how many pass at once after a pause that is long enough
   * @param now milliseconds, of a clock that only goes forward
   */
  constructor(burst: number, perSecond: number, now: () => number = () => performance.now()) {
    this.burst = burst
    this.perSecond = perSecond
    this.now = now
    this.tokens = burst
    this.countedAt = now()
  }

  /** Whether one more may pass now. It is counted if it does. */
  take(): boolean {
    if (!this.has()) return false
    this.tokens--
    return true
  }

  /** Whether `count` could pass now. Nothing is counted. */
  has(count = 1): boolean {
    const now = this.now()
    this.tokens = Math.min(this.burst, this.tokens + ((now - this.countedAt) / 1000) * this.perSecond)
    this.countedAt = now
    return this.tokens >= count
  }

  /** Milliseconds until one more may pass; 0 when it may now. */
  waitMs(): number {
    return this.has() ? 0 : Math.ceil(((1 - this.tokens) / this.perSecond) * 1000)
  }
}
