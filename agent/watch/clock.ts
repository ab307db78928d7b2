/** Time and randomness as a parameter, so that tests need not wait. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** In [0, 1). */
  random(): number
  /** @returns cancels the timer */
  after(delayMs: number, action: () => void): () => void
}

export const systemClock: Clock = {
  now: Date.now,
  random: Math.random,
  after: (delayMs, action) => {
    const timer = setTimeout(action, delayMs)
    return () => clearTimeout(timer)
  },
}

/** Waits for a time. Resolves early when the signal is aborted, and never rejects. */
export async function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const {promise, resolve} = Promise.withResolvers<void>()
  const cancel = clock.after(delayMs, resolve)
  const wake = () => resolve()
  signal.addEventListener('abort', wake, {once: true})
  await promise
  cancel()
  signal.removeEventListener('abort', wake)
}

const FIRST_BACK_OFF_MS = 500
const LONGEST_BACK_OFF_MS = 30_000

/**
 * How long to wait before the next try: 0.5 s, doubled with each failure up to the longest, of which the second half is random.
 *
 * @param failures in a row, at least 1
 * @returns milliseconds
 */
export function backOffMs(failures: number, clock: Clock, longestMs = LONGEST_BACK_OFF_MS): number {
  const whole = Math.min(longestMs, FIRST_BACK_OFF_MS * 2 ** Math.min(failures - 1, 10))
  return whole * (0.5 + clock.random() / 2)
}
