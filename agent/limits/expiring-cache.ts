interface Entry<Value> {
  readonly value: Promise<Value>
  /** When the answer is forgotten; infinite while it is awaited. */
  until: number
}

/** An answer, and until when it may be given again (milliseconds since 1970). */
export interface Answer<Value> {
  readonly value: Value
  readonly until: number
}

/** Remembers answers for a short time, and asks only once while an answer is awaited. Errors are not remembered. */
export class ExpiringCache<Value> {
  private readonly entries = new Map<string, Entry<Value>>()
  private readonly capacity: number
  private readonly now: () => number

  constructor(capacity: number, now: () => number = Date.now) {
    this.capacity = capacity
    this.now = now
  }

  /** The remembered answer, or that of `ask`. */
  get(key: string, ask: () => Promise<Answer<Value>>): Promise<Value> {
    const known = this.entries.get(key)
    if (known && known.until > this.now()) return known.value
    const asked = ask()
    const entry: Entry<Value> = {value: asked.then(({value}) => value), until: Number.POSITIVE_INFINITY}
    this.entries.delete(key)
    this.entries.set(key, entry)
    asked.then(
      ({until}) => {
        entry.until = until
      },
      () => {
        if (this.entries.get(key) === entry) this.entries.delete(key)
      },
    )
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= this.capacity) break
      this.entries.delete(oldest)
    }
    return entry.value
  }

  /** Whether an answer is remembered or awaited. */
  has(key: string): boolean {
    const known = this.entries.get(key)
    return known !== undefined && known.until > this.now()
  }
}
