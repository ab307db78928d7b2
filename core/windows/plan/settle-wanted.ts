import type {LeftAlone} from '../../dataplane/plan.ts'
import {setsOf} from '../compare/compared-acl.ts'
import type {JsonObject} from '../hns/model.ts'
import {isList, isOwnSet, isSameAcls, isSameSet, isTwin, type PartEndpoint, type PartSet, type WindowsPart} from './part.ts'
import {namedSets} from './visibility.ts'

/** What a plan leads to, and what of the wanted part it does not reach. */
export interface Settled {
  readonly target: WindowsPart
  readonly leftAlone: readonly LeftAlone[]
}

export interface SettleOptions {
  readonly npmMayRun: boolean
  /** Whether what a plan has begun is taken back: then even what should not be is put back. */
  readonly isWayBack: boolean
  readonly readable: (set: string) => string
}

/** What a node can be made: the wanted part at the endpoints that there are, with the sets that others use as they are. */
export function settleWanted(found: WindowsPart, wanted: WindowsPart, options: SettleOptions): Settled {
  const leftAlone: LeftAlone[] = []
  const sets = settledSets(found, wanted, options, leftAlone)
  const endpoints = settledEndpoints(found, wanted, sets, leftAlone)
  const rest = {...found, endpoints, sets}
  keepNamed(found, rest, options)
  return {target: rest, leftAlone}
}

function settledEndpoints(
  found: WindowsPart,
  wanted: WindowsPart,
  sets: ReadonlyMap<string, PartSet>,
  leftAlone: LeftAlone[],
): Map<string, PartEndpoint> {
  const endpoints = new Map(found.endpoints)
  const knows = (id: string): boolean => sets.has(id) || found.sets.has(id) || found.others.sets.has(id)
  for (const [id, {own, name}] of wanted.endpoints) {
    const now = found.endpoints.get(id)
    if (!now) {
      if (own.length > 0)
        leftAlone.push({
          name: `endpoint ${name}`,
          reason: 'it is not there any more: its pod has ended',
          next: 'Nothing to do. A new pod has an endpoint of its own.',
        })
      continue
    }
    if (isSameAcls(now.own, own)) continue
    const lost = own.flatMap(setsOf).find(set => !knows(set))
    const unsafe = now.foreign.find(hasUnsafeNumber)
    if (lost !== undefined)
      leftAlone.push({
        name: `endpoint ${name}`,
        reason: `an ACL names set ${lost}, which no network has, and HNS refuses such ACLs`,
        next: 'Repair all that differs: leave --policy, --set and --cause out.',
      })
    else if (unsafe)
      leftAlone.push({
        name: `endpoint ${name}`,
        reason: `a policy of another program (${String(unsafe['Type'])}) holds a number that cannot be written back as it is`,
        next: 'Start the pod again: the network plugin makes a new endpoint, and Azure NPM its ACLs.',
      })
    else endpoints.set(id, {...now, own})
  }
  return endpoints
}

/** Whether a number is larger than this program can keep exactly. */
const hasUnsafeNumber = (policy: JsonObject): boolean => {
  const visit = (value: unknown): boolean =>
    typeof value === 'number'
      ? Number.isInteger(value) && !Number.isSafeInteger(value)
      : typeof value === 'object' && value !== null && Object.values(value).some(visit)
  return visit(policy)
}

function settledSets(
  found: WindowsPart,
  wanted: WindowsPart,
  {readable, isWayBack}: SettleOptions,
  leftAlone: LeftAlone[],
): Map<string, PartSet> {
  const sets = new Map<string, PartSet>()
  const inLists = new Set([...found.sets.values()].flatMap(set => (isList(set) ? set.values : [])))
  for (const [id, set] of wanted.sets) {
    const now = found.sets.get(id)
    if (now && isSameSet(now, set)) sets.set(id, now)
    else if (now && now.policyType !== set.policyType && inLists.has(id)) {
      sets.set(id, now)
      leftAlone.push({
        name: readable(id),
        reason: `it is a ${now.policyType} and should be a ${set.policyType}, and a list holds it, so it cannot be made anew`,
        next: 'Take all of it away with --remove, and apply again.',
      })
    } else if (isList(set) && set.values.length === 0 && !isWayBack) {
      leftAlone.push({
        name: readable(id),
        reason: 'it is to be a list without members, and HNS takes such a list for every address',
        next: 'Put what the policies ask for in force: kubectl npm apply',
      })
      if (now) sets.set(id, now)
    } else sets.set(id, {...set, ...(set.name === undefined && {name: now?.name ?? readable(id)})})
  }
  for (const [id, user] of usersOf(found)) {
    const now = found.sets.get(id)
    if (!now) continue
    const asked = sets.get(id)
    sets.set(id, now)
    if (asked !== now)
      leftAlone.push({
        name: readable(id),
        reason: `${user} uses set ${id}, so it is left as it is`,
        next: 'Take that ACL or list away first if nobody needs it, then plan again.',
      })
  }
  return sets
}

/** Who else uses sets: what a list that others use holds, they use, too. */
function usersOf({others, sets}: WindowsPart): Map<string, string> {
  const users = new Map(others.users)
  for (const [id, user] of others.users) {
    const set = sets.get(id)
    if (set && isList(set)) for (const value of set.values) if (!users.has(value)) users.set(value, user)
  }
  return users
}

/**
 * Keeps sets that nobody wants and that ACLs or lists name which stay, and while Azure NPM may run all others too: as it knows them,
 * without addresses.
 */
function keepNamed(found: WindowsPart, target: WindowsPart & {sets: Map<string, PartSet>}, {npmMayRun}: SettleOptions): void {
  const {sets} = target
  const keep = (id: string): void => {
    const now = found.sets.get(id)
    if (sets.has(id) || !now) return
    sets.set(id, now)
    if (isList(now)) for (const value of now.values) keep(value)
  }
  for (const id of namedSets({...target, sets: new Map([...found.sets, ...sets])})) keep(id)
  for (const set of Array.from(sets.values())) if (isList(set)) for (const value of set.values) if (isOwnSet(value)) keep(value)
  if (!npmMayRun) return
  for (const [id, now] of found.sets) {
    if (sets.has(id) || isTwin(id)) continue
    // A list without members would be one of every address.
    if (isList(now)) keep(id)
    else sets.set(id, {...now, values: []})
  }
}
