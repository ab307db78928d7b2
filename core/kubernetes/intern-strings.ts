import type {ContainerPort, Labels} from './objects.ts'

/** A map that has so many entries is cleared: label values that are all different must not accumulate. */
const MOST_KEPT = 20_000

/**
 * Returns the same object for equal strings, label sets and port lists: pods of a ReplicaSet differ only in name and address.
 * This saves most of the memory that a large cluster would take.
 */
export class InternedStrings {
  private readonly texts = new Map<string, string>()
  private readonly labelSets = new Map<string, Labels>()
  private readonly portLists = new Map<string, readonly ContainerPort[]>()

  text(text: string): string {
    return kept(this.texts, text, () => text)
  }

  labels(labels: Readonly<Record<string, unknown>>): Labels {
    const entries = Object.entries(labels).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value] as const] : []))
    const make = (): Labels => Object.fromEntries(entries.map(([key, value]) => [this.text(key), this.text(value)]))
    return kept(this.labelSets, JSON.stringify(entries), make)
  }

  ports(ports: readonly ContainerPort[]): readonly ContainerPort[] {
    return kept(this.portLists, JSON.stringify(ports), () => ports)
  }
}

function kept<Value>(known: Map<string, Value>, key: string, make: () => Value): Value {
  const before = known.get(key)
  if (before !== undefined) return before
  if (known.size >= MOST_KEPT) known.clear()
  const value = make()
  known.set(key, value)
  return value
}
