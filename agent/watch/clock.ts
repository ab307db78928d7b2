/** Time and chance, as a parameter: tests let an hour pass in a moment. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** From 0 up to, but not, 1. */
  random(): number
  /** @returns takes the timer back */
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

/** Waits, but no longer than until the signal is aborted. */
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

/** How long to wait after so many failures in a row: 0.5 s doubled each time up to 30 s, and half of it by chance. */
export function backOffMs(failures: number, clock: Clock): number {
  const whole = Math.min(LONGEST_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** Math.min(failures - 1, 10))
  return whole * (0.5 + clock.random() / 2)
}
