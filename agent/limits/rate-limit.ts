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

  /** How many may pass now. Below 0 after `charge` has taken more than there were. */
  get balance(): number {
    const now = this.now()
    this.tokens = Math.min(this.burst, this.tokens + ((now - this.countedAt) / 1000) * this.perSecond)
    this.countedAt = now
    return this.tokens
  }

  /** Whether one more may pass now. It is counted if it does. */
  take(): boolean {
    if (!this.has()) return false
    this.tokens--
    return true
  }

  /** Whether one could pass now. Nothing is counted. */
  has(): boolean {
    return this.balance >= 1
  }

  /** Counts what has passed, though it may be more than may: the next has to wait until that is made up for. */
  charge(count: number): void {
    this.tokens = this.balance - count
  }

  /** Milliseconds until one more may pass; 0 when it may now. */
  waitMs(): number {
    const {balance} = this
    return balance >= 1 ? 0 : Math.ceil(((1 - balance) / this.perSecond) * 1000)
  }
}
