/** Random numbers from a seed, so that every machine measures the same input. Source: Mulberry32 by Tommy Ettinger. */
export class Random {
  private state: number

  constructor(seed: number) {
    this.state = seed
  }

  /** From 0, below 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from 0, below a limit. */
  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  /** True in so many cases of a hundred. */
  percent(cases: number): boolean {
    return this.next() * 100 < cases
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T
  }
}
