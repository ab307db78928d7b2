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

/** A clock that jumps to the next time that somebody waits for, as soon as nothing else is left to do. */
export interface SimulatedClock extends Clock {
  /** Lets time pass up to a moment, in milliseconds since the start. */
  runTo(ms: number): Promise<void>
}

export function simulatedClock(random: () => number): SimulatedClock {
  const due = new Map<() => void, number>()
  let now = 0
  return {
    now: () => now,
    random,
    after: (delayMs, action) => {
      const own = () => action()
      due.set(own, now + delayMs)
      return () => due.delete(own)
    },
    async runTo(end) {
      for (;;) {
        await settled()
        const [next] = [...due].toSorted(([, a], [, b]) => a - b)
        if (next === undefined || next[1] > end) break
        now = Math.max(now, next[1])
        due.delete(next[0])
        next[0]()
      }
      now = end
      await settled()
    },
  }
}

/** Lets all promises that can come to their end do so. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 3; turns++) await new Promise(resolve => setImmediate(resolve))
}
