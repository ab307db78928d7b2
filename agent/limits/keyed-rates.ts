import {RateLimit} from './rate-limit.ts'

/** A rate for each of many who come, by what tells them apart. Of those who have not come for longest the rate is forgotten. */
export class KeyedRates {
  private readonly rates = new Map<string, RateLimit>()
  private readonly burst: number
  private readonly perSecond: number
  private readonly most: number

  /** @param most of how many it is known how often they came */
  constructor(burst: number, perSecond: number, most: number) {
    this.burst = burst
    this.perSecond = perSecond
    this.most = most
  }

  /** Whether one more of them may pass now. It is counted if it does. */
  take(key: string): boolean {
    const rate = this.rates.get(key) ?? new RateLimit(this.burst, this.perSecond)
    this.rates.delete(key)
    this.rates.set(key, rate)
    const [oldest] = this.rates.keys()
    if (this.rates.size > this.most && oldest !== undefined) this.rates.delete(oldest)
    return rate.take()
  }
}
