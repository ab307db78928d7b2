import {type Clock, systemClock} from '../../../agent/watch/clock.ts'

const FACTOR = 1000

/** A clock on which a second takes a millisecond: back-offs and ends of watches come soon, and in their order. */
export function fastClock(random: () => number = Math.random): Clock {
  const start = Date.UTC(2026, 0, 1)
  const startedAt = performance.now()
  return {
    now: () => Math.floor(start + (performance.now() - startedAt) * FACTOR),
    random,
    after: (delayMs, action) => systemClock.after(delayMs / FACTOR, action),
  }
}

/** A clock that stands still: delays are over at once, and noted. Long ones, which only end what hangs, never come. */
export function notingClock(longestMs = 60_000): Clock & {readonly delays: number[]} {
  const delays: number[] = []
  return {
    delays,
    now: () => 0,
    random: () => 0.5,
    after: (delayMs, action) => {
      if (delayMs > longestMs) return () => undefined
      delays.push(delayMs)
      const timer = setImmediate(action)
      return () => clearImmediate(timer)
    },
  }
}
