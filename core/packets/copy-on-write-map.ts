/** A map as it is with a few changes. The map below stays what it is, and is not copied. */
export class CopyOnWriteMap<Value> {
  /** Key → what is there in place of what lies below. */
  readonly changes = new Map<string, Value>()
  private readonly below: ReadonlyMap<string, Value>

  constructor(below: ReadonlyMap<string, Value>) {
    this.below = below
  }

  get(key: string): Value | undefined {
    return this.changes.get(key) ?? this.below.get(key)
  }

  set(key: string, value: Value): void {
    this.changes.set(key, value)
  }

  *entries(): Generator<[string, Value]> {
    for (const [key, value] of this.below) yield [key, this.changes.get(key) ?? value]
    for (const change of this.changes) if (!this.below.has(change[0])) yield change
  }
}
