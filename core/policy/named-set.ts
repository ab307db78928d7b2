import {ALL_NAMESPACES, type SetType} from '../names/set-name.ts'

/** A set before its name is hashed. */
export interface NamedSet {
  readonly type: Exclude<SetType, 'Unknown'>
  /** With its prefix: `podlabel-app:web`. */
  readonly name: string
  /**
   * Parts sets of one name that must not be one set: the policy whose CIDR set it is, for example. Absent where sets of one
   * name are one.
   */
  readonly owner?: string
  /** Blocks of a CIDR set, as ipset prints them. */
  readonly blocks?: readonly string[]
  /** Members of a nested list. */
  readonly nested?: readonly NamedSet[]
}

/** How the sets are called that come of pods and namespaces, besides those that are called the same by all releases. */
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

/** What tells two sets apart. */
export const identityOf = ({name, owner}: NamedSet): string => (owner === undefined ? name : `${name}\n${owner}`)

export const namespaceSet = (namespace: string): NamedSet => ({type: 'Namespace', name: `ns-${namespace}`})

/** The list of all namespaces, and so of all pods that count. */
export const allNamespaces: NamedSet = {type: 'KeyLabelOfNamespace', name: ALL_NAMESPACES}

const isSame = (one: SetCondition, other: SetCondition): boolean =>
  one.negated === other.negated && one.set.name === other.set.name && one.set.owner === other.set.owner

/** Nearly all selectors have two or three terms, and a table of so few costs far more than looking at each. */
const MOST_LOOKED_AT = 16

/** Equal terms are kept once. */
export function distinct(terms: SetCondition[]): SetCondition[] {
  if (terms.length < 2) return terms
  if (terms.length <= MOST_LOOKED_AT) return terms.filter((term, at) => terms.findIndex(each => isSame(each, term)) === at)
  const seen = new Set<string>()
  return terms.filter(({set, negated}) => {
    const key = (negated ? '!' : '') + identityOf(set)
    return !seen.has(key) && seen.add(key)
  })
}
