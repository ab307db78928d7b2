import type {Departure, Drift, DriftCause, DriftItem, JudgedPacket} from '../contract/drift.ts'
import type {PolicyChains} from '../dataplane/policy-chains.ts'
import type {Direction} from '../names/kernel-name.ts'
import type {FoundPolicies} from './found-policies.ts'
import type {PolicyRow, PolicyRows, Said} from './policy-rows.ts'
import {isRefusal} from './refusal.ts'

/** What the rows of one node are found with. */
export interface NodeView {
  readonly rows: PolicyRows
  readonly found: FoundPolicies
  readonly chains: PolicyChains
  /** Policies that select a pod, `namespace/name` each. */
  readonly selecting: (pod: string) => readonly string[]
  /** The directions in which a policy means something else, by code and policy; undefined for both. */
  readonly departing: (code: string, policy: string) => readonly Direction[] | undefined
}

/** Something wrong with a node that concerns no policy, or none that is known. */
export interface Other {
  readonly text: string
  /** Whether it is not known that it does anything. */
  readonly isUncertain: boolean
}

/**
 * Says of each row what a comparison found for it on a node.
 *
 * @returns what concerns no row
 */
export function sayFindings(drift: Drift, view: NodeView): Other[] {
  const {node, causes, departures, items, notCompared = []} = drift
  const {rows} = view
  const refused = new Set(departures.filter(({code}) => isRefusal(code)).flatMap(({policies}) => policies))
  const others: Other[] = []
  for (const cause of causes) {
    const said = [...saidOfCause(cause, items, refused, view)]
    for (const [row, state] of said) row.say(node, {state, text: cause.text})
    const {opens, closes, isUncertain} = cause
    if (said.every(([, state]) => state === 'unknown'))
      others.push({text: cause.text, isUncertain: isUncertain && cause.items.length + opens.length + closes.length === 0})
  }
  for (const departure of departures) {
    const concerned = [...rowsOfDeparture(departure, view)]
    const state = isRefusal(departure.code) ? 'refused' : 'means something else'
    for (const row of concerned) row.say(node, {state, code: departure.code, text: departure.text})
    if (concerned.length === 0) others.push({text: departure.text, isUncertain: false})
  }
  for (const {policy, reason} of notCompared)
    for (const row of rows.ofPolicy(policy)) row.say(node, {state: 'unknown', text: reason})
  return others
}

function* saidOfCause(
  cause: DriftCause,
  all: readonly DriftItem[],
  refused: ReadonlySet<string>,
  view: NodeView,
): Generator<readonly [PolicyRow, Said['state']]> {
  const {rows, found} = view
  const {users} = found
  const items = cause.items.flatMap(at => all[at] ?? [])
  const asked = function* (direction?: Direction): Generator<PolicyRow> {
    for (const row of rows.all)
      if (row.object && !refused.has(row.policy) && (direction === undefined || row.direction === direction)) yield row
  }
  switch (cause.kind) {
    case 'npm':
      for (const row of asked()) yield [row, 'missing']
      return
    case 'jump':
      for (const row of asked()) yield [row, 'differs']
      return
    case 'chain':
      // What no packet meets concerns nobody.
      if (items.some(({effect}) => effect !== 'none')) {
        // Whether any packet does, half an input may not tell.
        const state = items.some(({effect}) => effect === 'open' || effect === 'closed') ? 'differs' : 'unknown'
        for (const direction of directionsIn(items, view.chains)) for (const row of asked(direction)) yield [row, state]
      }
      return
    case 'foreignRule':
    case 'unexplained':
      for (const row of rowsOfPackets([...cause.opens, ...cause.closes], view)) yield [row, 'differs']
      return
    case 'pod':
    case 'namespace':
    case 'set': {
      const concerned = new Set(
        items.flatMap(({kernelName = '', name}) => [...(users.get(kernelName) ?? []), ...(users.get(name) ?? [])]),
      )
      for (const row of concerned) yield [row, 'differs']
      return
    }
    default:
      if (cause.policy !== undefined) yield* saidOfPolicy(cause.policy, items, view)
  }
}

/** What is said of a policy whose rules differ, in each direction for itself. */
function* saidOfPolicy(
  policy: string,
  items: readonly DriftItem[],
  {rows, found, chains}: NodeView,
): Generator<readonly [PolicyRow, Said['state']]> {
  const byDirection = new Map<Direction, DriftItem[]>()
  const add = (direction: Direction, item: DriftItem): unknown =>
    byDirection.set(direction, [...(byDirection.get(direction) ?? []), item])
  const ofSets: DriftItem[] = []
  for (const item of items) {
    const direction = item.kind === 'set' || item.kind === 'member' ? undefined : chains.directionOf(item.name)
    if (direction) add(direction, item)
    else ofSets.push(item)
  }
  const concerned = new Set(ofSets.flatMap(({kernelName = ''}) => [...(found.users.get(kernelName) ?? [])]))
  for (const {policy: its, direction} of concerned)
    if (its === policy && !byDirection.has(direction)) byDirection.set(direction, [])
  // Nothing tells which direction's blocks differ.
  if (byDirection.size === 0) for (const {direction} of rows.ofPolicy(policy)) byDirection.set(direction, [])
  for (const [direction, its] of byDirection) {
    const row = rows.of(policy, direction)
    const isAbsent = found.programmed?.has(row) === false
    yield [row, !row.object ? 'left over' : isAbsent ? 'missing' : stateOf(its)]
  }
}

/** A chain that is not there, and one to which no jump leads, has nothing of the policy in force. */
function stateOf(items: readonly DriftItem[]): 'missing' | 'differs' {
  const isGone = items.some(({kind, change}) => kind === 'chain' && change === 'missing')
  const isUnreached = items.length > 0 && items.every(({kind, change}) => kind === 'jump' && change === 'missing')
  return isGone || isUnreached ? 'missing' : 'differs'
}

function* rowsOfDeparture({code, policies, opens, closes}: Departure, view: NodeView): Generator<PolicyRow> {
  if (policies.length === 0) yield* rowsOfPackets([...opens, ...closes], view)
  for (const policy of policies) {
    const directions = view.departing(code, policy) ?? [undefined]
    for (const direction of directions) yield* view.rows.ofPolicy(policy, direction)
  }
}

/** Policies that select the pods at the ends of packets, in the direction of that end. */
function rowsOfPackets(packets: readonly JudgedPacket[], {rows, selecting}: NodeView): Set<PolicyRow> {
  const found = new Set<PolicyRow>()
  for (const {source, destination} of packets)
    for (const [pod, direction] of [
      [source, 'Egress'],
      [destination, 'Ingress'],
    ] as const)
      for (const policy of pod === undefined ? [] : selecting(pod))
        for (const row of rows.ofPolicy(policy, direction)) found.add(row)
  return found
}

/** The directions that rules of Azure NPM's own chains concern: one, or undefined for both. */
function directionsIn(items: readonly DriftItem[], chains: PolicyChains): Set<Direction | undefined> {
  const found = new Set(items.map(({name}) => chains.directionOf(name)))
  return found.has(undefined) ? new Set([undefined]) : found
}
