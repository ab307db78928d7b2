/** The kinds of objects, named as the lists of `ClusterObjects`. */
export const objectKinds = ['pods', 'namespaces', 'policies', 'nodes'] as const
export type ObjectKind = (typeof objectKinds)[number]

/** Objects that are known to be missing. */
export interface ObjectGap {
  readonly kind: ObjectKind
  readonly reason: string
  readonly next: string
  /** When only objects of this namespace can be missing. */
  readonly namespace?: string
}

/** What the input says about how complete its objects are. */
export interface GivenObjects {
  /** Kinds of which there was an object, or a list that names the kind. An empty `List` says nothing of any kind. */
  readonly kinds: readonly ObjectKind[]
  readonly gaps: readonly ObjectGap[]
}
