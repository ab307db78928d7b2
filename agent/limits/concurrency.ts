/** So many at once, so many waiting for their turn, and no more. */
export class Concurrency {
  private free: number
  private readonly longest: number
  private readonly waiting: (() => void)[] = []

  constructor(count: number, longestQueue: number) {
    this.free = count
    this.longest = longestQueue
  }

  /** Whether another one would have to be turned away. */
  get isFull(): boolean {
    return this.free === 0 && this.waiting.length >= this.longest
  }

  /** Runs `work` when its turn comes. Ask `isFull` first. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.free > 0) this.free--
    else await new Promise<void>(resolve => this.waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = this.waiting.shift()
      if (next) next()
      else this.free++
    }
  }
}
