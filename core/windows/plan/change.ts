import {isList, isSameAcls, isSameSet, missingIn, type PartEndpoint, type PartSet, type WindowsPart} from './part.ts'
import {namedSets} from './visibility.ts'

/** An endpoint whose ACLs change. */
export interface EndpointChange {
  readonly key: string
  readonly now: PartEndpoint
  readonly next: PartEndpoint
}

/** What differs between two parts, by what packets see of it. A packet sees a set through an ACL that names it, or a list that holds it. */
export interface Change {
  readonly found: WindowsPart
  readonly target: WindowsPart
  readonly endpoints: readonly EndpointChange[]
  /** New sets that no ACL names yet. */
  readonly added: readonly PartSet[]
  /** New sets that ACLs name already. HNS lets nobody make such ACLs. */
  readonly missing: readonly PartSet[]
  /** Sets that change while no ACL names them: before all else, or behind it. */
  readonly early: readonly PartSet[]
  readonly late: readonly PartSet[]
  /** Sets that change and that ACLs name before and behind. */
  readonly visible: readonly PartSet[]
  /** Sets that go, by their state before. */
  readonly removed: readonly PartSet[]
  /** Those among `early`, `visible` and `late` whose type changes, which HNS does only by making them anew. */
  readonly retyped: ReadonlySet<string>
}

export function changeOf(found: WindowsPart, target: WindowsPart): Change {
  const [before, after] = [namedSets(found), namedSets(target)]
  const change = {
    added: [] as PartSet[],
    missing: [] as PartSet[],
    early: [] as PartSet[],
    late: [] as PartSet[],
    visible: [] as PartSet[],
  }
  const retyped = new Set<string>()
  for (const [id, set] of target.sets) {
    const now = found.sets.get(id)
    if (!now) change[before.has(id) ? 'missing' : 'added'].push(set)
    else if (!isSameSet(now, set)) {
      if (now.policyType !== set.policyType) retyped.add(id)
      change[!before.has(id) ? 'early' : after.has(id) ? 'visible' : 'late'].push(set)
    }
  }
  const endpoints = [...target.endpoints].flatMap(([key, next]) => {
    const now = found.endpoints.get(key) as PartEndpoint
    return isSameAcls(now.own, next.own) ? [] : [{key, now, next}]
  })
  const removed = [...found.sets.values()].filter(({id}) => !target.sets.has(id))
  return {found, target, ...change, retyped, endpoints, removed}
}

/** The part when all that no packet sees is done that can be done before. */
export function begun({found, added, missing, early}: Change): WindowsPart {
  const sets = new Map(found.sets)
  for (const set of [...added, ...missing, ...early]) sets.set(set.id, set)
  return {...found, sets}
}

/** A part with some sets in place of those of the same ids. */
export const withSets = (part: WindowsPart, sets: readonly PartSet[]): WindowsPart => ({
  ...part,
  sets: new Map([...part.sets, ...sets.map(set => [set.id, set] as const)]),
})

/** A part with an endpoint in place of the one of the same id. */
export const withEndpoint = (part: WindowsPart, key: string, endpoint: PartEndpoint): WindowsPart => ({
  ...part,
  endpoints: new Map([...part.endpoints, [key, endpoint]]),
})

/** The addresses, and blocks of them, about which sets that change say something else. */
export function touchedBy({found, target, visible}: Change): Set<string> {
  const touched = new Set<string>()
  const add = (id: string): void => {
    for (const {sets} of [found, target]) for (const value of sets.get(id)?.values ?? []) touched.add(value)
  }
  for (const set of visible) {
    const [had, has] = [new Set(found.sets.get(set.id)?.values), new Set(set.values)]
    for (const value of [...missingIn(had, has), ...missingIn(has, had)])
      if (isList(set)) add(value)
      else touched.add(value)
  }
  return touched
}

/** Lists of sets that hold one of some, and that are named themselves. */
export const listsHolding = (part: WindowsPart, ids: ReadonlySet<string>): PartSet[] =>
  [...part.sets.values()].filter(set => isList(set) && set.values.some(value => ids.has(value)))
