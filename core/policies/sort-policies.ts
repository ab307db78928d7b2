import {type PolicyListItem, policyStates} from '../contract/policies.ts'

/** Columns that a list can be sorted by. */
export const sortColumns = ['namespace', 'name', 'type', 'pods', 'nodes', 'rules', 'new-conns', 'drops', 'state', 'age'] as const
export type SortColumn = (typeof sortColumns)[number]

type Key = string | number

/** What is not known comes last. */
const descending = (count: number | null | undefined): number => (count == null ? Number.POSITIVE_INFINITY : -count)

/** Smaller for what comes first: names by the alphabet, counts the largest first, states the worst first, ages the oldest first. */
const keys: Readonly<Record<SortColumn, (item: PolicyListItem) => Key>> = {
  namespace: ({namespace}) => namespace,
  name: ({name}) => name,
  type: ({direction}) => (direction === 'Ingress' ? 0 : 1),
  pods: ({pods}) => descending(pods),
  // Where most is not programmed.
  nodes: ({nodes: {programmed, all}}) => programmed - all,
  rules: ({rules}) => descending(rules?.most),
  'new-conns': ({newConnections, rates}) => descending(rates ? rates.newConnections : newConnections),
  drops: ({drops, rates}) => descending(rates ? rates.drops : drops),
  state: ({states: [worst]}) => policyStates.indexOf(worst?.state ?? 'in force'),
  age: ({createdAt}) => createdAt ?? '~',
}

/** The items by a column; those that are equal in it stay in order. */
export function sortPolicies(items: readonly PolicyListItem[], column: SortColumn): PolicyListItem[] {
  const keyOf = keys[column]
  return items.toSorted((a, b) => {
    const [one, other] = [keyOf(a), keyOf(b)]
    return one < other ? -1 : one > other ? 1 : 0
  })
}
