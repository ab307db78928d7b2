/** Look-up and iteration, as in a map or a map with changes. */
export interface Entries<Value> {
  get(key: string): Value | undefined
  entries(): Iterable<[string, Value]>
}

/** A map with a few changes. The map below is neither changed nor copied. */
export class CopyOnWriteMap<Value> implements Entries<Value> {
  /** Changed values by key. They hide those of the map below. */
  readonly changes = new Map<string, Value>()
  private readonly below: Entries<Value>

  constructor(below: Entries<Value>) {
    this.below = below
  }

  get(key: string): Value | undefined {
    return this.changes.get(key) ?? this.below.get(key)
  }

  set(key: string, value: Value): void {
    this.changes.set(key, value)
  }

  *entries(): Generator<[string, Value]> {
    for (const [key, value] of this.below.entries()) yield [key, this.changes.get(key) ?? value]
    for (const change of this.changes) if (this.below.get(change[0]) === undefined) yield change
  }
}
