import {ALL_NAMESPACES, type SetType} from '../names/set-name.ts'

/** A set before its name is hashed. */
export interface NamedSet {
  readonly type: Exclude<SetType, 'Unknown'>
  /** With its prefix: `podlabel-app:web`. */
  readonly name: string
  /**
   * Distinguishes sets that have one name and must stay separate, for example the policy that owns a CIDR set. Absent where the
   * name alone identifies the set.
   */
  readonly owner?: string
  /** Blocks of a CIDR set, as ipset prints them. */
  readonly blocks?: readonly string[]
  /** Set for a block that NPM Lite writes into the rule in place of a set: its text. There is no such set then. */
  readonly literal?: string
  /** Members of a nested list. */
  readonly nested?: readonly NamedSet[]
}

/** Names of the sets that result from pods and namespaces, as far as they differ between releases. */
export interface ObjectNames {
  readonly podKey: (key: string) => NamedSet
  readonly podLabel: (label: string) => NamedSet
  readonly namespaceKey: (key: string) => NamedSet
  readonly namespaceLabel: (label: string) => NamedSet
  readonly allNamespaces: NamedSet
}

/** One set condition on an address. */
export interface SetCondition {
  readonly set: NamedSet
  readonly negated: boolean
}

/** A key that is equal for two values if and only if they are one set. */
export const identityOf = ({name, owner}: NamedSet): string => (owner === undefined ? name : `${name}\n${owner}`)

/** The set of the pods of one namespace. */
export const namespaceSet = (namespace: string): NamedSet => ({type: 'Namespace', name: `ns-${namespace}`})

/** The list of all namespaces, and so of all pods with a policy address. */
export const allNamespaces: NamedSet = {type: 'KeyLabelOfNamespace', name: ALL_NAMESPACES}

const isSame = (one: SetCondition, other: SetCondition): boolean =>
  one.negated === other.negated && one.set.name === other.set.name && one.set.owner === other.set.owner

/** Nearly all selectors have two or three terms. For so few, a linear search is much faster than a Set. */
const MOST_LOOKED_AT = 16

/** Removes duplicate terms; the order stays. */
export function distinct(terms: SetCondition[]): SetCondition[] {
  if (terms.length < 2) return terms
  if (terms.length <= MOST_LOOKED_AT) return terms.filter((term, at) => terms.findIndex(each => isSame(each, term)) === at)
  const seen = new Set<string>()
  return terms.filter(({set, negated}) => {
    const key = (negated ? '!' : '') + identityOf(set)
    return !seen.has(key) && seen.add(key)
  })
}
