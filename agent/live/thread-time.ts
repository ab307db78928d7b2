import {setImmediate} from 'node:timers/promises'

/** How long others may have to wait for their turn on this thread. */
const SLICE_MS = 5

/** Adds up the processor time that this thread spends on one thing. */
export class ThreadTime {
  /** In milliseconds. */
  spentMs = 0
  private running: NodeJS.CpuUsage | undefined
  private sliceMs = 0

  spend<Result>(work: () => Result): Result {
    this.start()
    try {
      return work()
    } finally {
      this.stop()
    }
  }

  /** Work that lets others have their turn, by `breathe`. */
  async spendInSlices<Result>(work: () => Promise<Result>): Promise<Result> {
    this.start()
    try {
      return await work()
    } finally {
      this.stop()
    }
  }

  /** Whether it is time to let others have their turn. */
  get isLong(): boolean {
    return performance.now() - this.sliceMs > SLICE_MS
  }

  /** Lets others have their turn, whose time does not count. */
  async breathe(): Promise<void> {
    this.stop()
    await setImmediate()
    this.start()
  }

  private start(): void {
    this.running = process.threadCpuUsage()
    this.sliceMs = performance.now()
  }

  private stop(): void {
    const {user, system} = process.threadCpuUsage(this.running)
    this.spentMs += (user + system) / 1000
  }
}
