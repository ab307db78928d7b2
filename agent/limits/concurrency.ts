/** Bounds how many pieces of work run at once, and how many more wait for their turn. */
export class Concurrency {
  private free: number
  private readonly longestQueue: number
  private readonly queue: (() => void)[] = []

  /**
   * @param count how many run at once
   * @param longestQueue how many may wait
   */
  constructor(count: number, longestQueue: number) {
    this.free = count
    this.longestQueue = longestQueue
  }

  /** Whether nothing more can run or wait now. The caller refuses then: `run` itself does not. */
  get isFull(): boolean {
    return this.free === 0 && this.queue.length >= this.longestQueue
  }

  /**
   * Runs `work` in its turn: first come, first served. Ask `isFull` first.
   *
   * @throws what `work` throws; its turn passes to the next all the same
   */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.free > 0) this.free--
    else await new Promise<void>(resolve => this.queue.push(resolve))
    try {
      return await work()
    } finally {
      const next = this.queue.shift()
      if (next) next()
      else this.free++
    }
  }
}
