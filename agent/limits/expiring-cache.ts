interface Entry<Value> {
  readonly value: Promise<Value>
  /** When the value expires, in milliseconds since 1970; infinite while it is awaited. */
  until: number
}

/** A value, and until when it may be used again (milliseconds since 1970). */
export interface ExpiringValue<Value> {
  readonly value: Value
  readonly until: number
}

/** Keeps values until they expire, and computes each only once while it is awaited. Errors are not kept. */
export class ExpiringCache<Value> {
  private readonly entries = new Map<string, Entry<Value>>()
  private readonly capacity: number
  private readonly now: () => number

  /**
   * @param capacity how many values are kept; the one that was computed first makes room
   * @param now milliseconds since 1970
   */
  constructor(capacity: number, now: () => number = Date.now) {
    this.capacity = capacity
    this.now = now
  }

  /**
   * The value of `key` that is kept or awaited, else that of `compute`.
   *
   * @throws what `compute` throws, to all who await this value; the next call computes again
   */
  get(key: string, compute: () => Promise<ExpiringValue<Value>>): Promise<Value> {
    const known = this.entries.get(key)
    if (known && known.until > this.now()) return known.value
    const computed = compute()
    const entry: Entry<Value> = {value: computed.then(({value}) => value), until: Number.POSITIVE_INFINITY}
    this.entries.delete(key)
    this.entries.set(key, entry)
    computed.then(
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

  /** Whether a value is kept or awaited, so that `get` computes nothing. */
  has(key: string): boolean {
    const known = this.entries.get(key)
    return known !== undefined && known.until > this.now()
  }
}
