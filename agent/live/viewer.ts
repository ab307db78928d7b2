import type {Reading} from './reading.ts'

/** A reading may come this much before it is due: clocks and timers are not exact. */
const EARLY = 0.1

/** Somebody who watches the counters of this node. It holds one reading at most: what a slow one misses is left out and counted. */
export class Viewer implements Disposable {
  readonly intervalMs: number
  /** Whether it has been given no reading yet. */
  isNew = true
  private readonly close: () => void
  private waiting: Reading | undefined
  private missed = 0
  private dueMs = -Infinity
  private failure: {readonly error: unknown} | undefined
  private wake: (() => void) | undefined

  constructor(intervalMs: number, close: () => void) {
    this.intervalMs = intervalMs
    this.close = close
  }

  offer(reading: Reading): void {
    if (reading.ms < this.dueMs) return
    if (this.waiting) this.missed++
    this.isNew = false
    this.waiting = reading
    this.dueMs = reading.ms + this.intervalMs * (1 - EARLY)
    this.wake?.()
  }

  fail(error: unknown): void {
    this.failure = {error}
    this.wake?.()
  }

  /**
   * Resolves when there is a reading to take, and when `signal` is aborted.
   *
   * @throws what keeps the node from being read
   */
  async due(signal: AbortSignal): Promise<void> {
    while (!this.waiting && !this.failure && !signal.aborted)
      await new Promise<void>(resolve => {
        const wake = () => {
          signal.removeEventListener('abort', wake)
          this.wake = undefined
          resolve()
        }
        this.wake = wake
        signal.addEventListener('abort', wake, {once: true})
      })
    if (!this.waiting && this.failure) throw this.failure.error
  }

  /** The newest reading that is due and was not taken. */
  take(): Reading | undefined {
    const reading = this.waiting
    this.waiting = undefined
    return reading
  }

  /** The readings that were missed since this was called last. */
  takeSkipped(): number {
    const {missed} = this
    this.missed = 0
    return missed
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
