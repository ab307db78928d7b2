import {RateLimit} from './rate-limit.ts'

interface Ticket {
  readonly draw: () => void
  readonly lose: () => void
}

export interface LotteryLimits {
  /** How many run at once. */
  readonly running: number
  /** How many begin at once after a pause, and how many each second. */
  readonly burst: number
  readonly perSecond: number
  /** How many may wait. */
  readonly waiting: number
}

/**
 * Bounds how much work runs, and how often. Whose turn is next, and who has to go when too many wait, is left to chance: where
 * nobody can tell who sends what, a flood then delays others, but keeps nobody out for good.
 */
export class Lottery {
  private readonly limits: LotteryLimits
  private readonly rate: RateLimit
  private readonly random: () => number
  private readonly tickets: Ticket[] = []
  private running = 0
  private timer: NodeJS.Timeout | undefined

  /** @param random at least 0 and below 1 */
  constructor(limits: LotteryLimits, random: () => number = Math.random) {
    this.limits = limits
    this.rate = new RateLimit(limits.burst, limits.perSecond)
    this.random = random
  }

  /**
   * Runs `work` when its turn comes.
   *
   * @param signal whoever is gone does not take part
   * @returns its result; undefined when it was not run: too many waited, or `signal` was aborted
   * @throws what `work` throws
   */
  async run<Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result | undefined> {
    if (!(await this.turn(signal))) return undefined
    try {
      return await work()
    } finally {
      this.running--
      this.draw()
    }
  }

  private turn(signal: AbortSignal | undefined): Promise<boolean> {
    return new Promise(resolve => {
      const end = (hasWon: boolean) => {
        signal?.removeEventListener('abort', leave)
        resolve(hasWon)
      }
      const ticket: Ticket = {draw: () => end(true), lose: () => end(false)}
      const leave = () => {
        const at = this.tickets.indexOf(ticket)
        if (at >= 0) this.tickets.splice(at, 1)
        end(false)
      }
      if (signal?.aborted) return end(false)
      signal?.addEventListener('abort', leave, {once: true})
      this.tickets.push(ticket)
      this.draw()
      if (this.tickets.length > this.limits.waiting) this.any()?.lose()
    })
  }

  private any(): Ticket | undefined {
    return this.tickets.splice(Math.floor(this.random() * this.tickets.length), 1)[0]
  }

  private draw(): void {
    while (this.tickets.length > 0 && this.running < this.limits.running && this.rate.take()) {
      this.running++
      this.any()?.draw()
    }
    if (this.tickets.length === 0 || this.running >= this.limits.running) return
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      this.draw()
    }, this.rate.waitMs()).unref()
  }
}
