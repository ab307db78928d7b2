import type {PlannedStep} from '../../dataplane/plan.ts'
import {KeptPromise, promisedPackets} from '../../differences/promise.ts'
import type {WindowsNode} from '../node-state.ts'
import {type Change, type EndpointChange, touchedBy, withEndpoint, withSets} from './change.ts'
import {nodeWith} from './node-with.ts'
import type {PartSet, WindowsPart} from './part.ts'
import {type PlanNames, WHYS} from './plan-names.ts'

/** A change that packets see and that comes into force as a whole. */
type Moment = {readonly set: PartSet; readonly needs?: Moment} | {readonly endpoint: EndpointChange}

/** Walks of more addresses than these that change take longer than copies of sets. */
const MOST_TOUCHED = 100
/** Members of all sets, times the states that are walked: 2 s of processor time for every million. */
const MOST_MEMBERS_WALKED = 3_000_000
/** Where several endpoints change, packets between all addresses are walked, not only those from and to a few. */
const MOST_MEMBERS_OF_ALL = 2_000

export interface KeptOrder {
  steps(names: PlanNames): PlannedStep[]
}

/**
 * An order of changes in which every state between them keeps the promise, found by walking all packets from and to the addresses that
 * change.
 *
 * @param start the part when all is done that no packet sees
 * @param mostWalks how many states may be walked
 * @returns undefined when none was found
 */
export function keptOrder(node: WindowsNode, change: Change, start: WindowsPart, mostWalks: number): KeptOrder | undefined {
  for (const moments of [momentsOf(change), fineMoments(change, start)]) {
    const order = orderOf(node, change, start, moments, mostWalks)
    if (order) return {steps: names => stepsOf(order, start, names)}
  }
  return undefined
}

const momentsOf = ({visible, endpoints}: Change): Moment[] => [
  ...visible.map(set => ({set})),
  ...endpoints.map(endpoint => ({endpoint})),
]

/** The same where a set first gets what it lacks, and then loses what it has too many. */
function fineMoments({visible, endpoints}: Change, start: WindowsPart): Moment[] {
  const ofSets = visible.map((set): Moment[] => {
    const had = start.sets.get(set.id)?.values ?? []
    const both = [...new Set([...had, ...set.values])]
    if (both.length === had.length || both.length === set.values.length) return [{set}]
    const first: Moment = {set: {...set, values: both}}
    return [first, {set, needs: first}]
  })
  return [
    ...ofSets.flatMap(([first]) => first ?? []),
    ...endpoints.map(endpoint => ({endpoint})),
    ...ofSets.flatMap(([, last]) => last ?? []),
  ]
}

const after = (part: WindowsPart, moment: Moment): WindowsPart =>
  'set' in moment ? withSets(part, [moment.set]) : withEndpoint(part, moment.endpoint.key, moment.endpoint.next)

function orderOf(
  node: WindowsNode,
  change: Change,
  start: WindowsPart,
  moments: readonly Moment[],
  mostWalks: number,
): readonly Moment[] | undefined {
  let members = 0
  for (const {values} of start.sets.values()) members += values.length
  let left = Math.min(mostWalks, Math.floor(MOST_MEMBERS_WALKED / Math.max(1, members)))
  if (moments.length - 1 > left) return undefined
  const touched = touchedBy(change)
  const isOneEndpoint = change.endpoints.length <= 1
  if (touched.size > MOST_TOUCHED || (!isOneEndpoint && members > MOST_MEMBERS_OF_ALL)) return undefined
  const [before, end] = [nodeWith(node, start), nodeWith(node, moments.reduce(after, start))]
  const promise = new KeptPromise(before, end, promisedPackets([before, end], isOneEndpoint ? touched : undefined))
  const known = new Map<string, boolean>()
  const isKept = (part: WindowsPart, key: string): boolean => {
    const told = known.get(key)
    if (told !== undefined || left === 0) return told ?? false
    left--
    const kept = promise.breach(nodeWith(node, part)) === undefined
    known.set(key, kept)
    return kept
  }
  const search = (done: readonly Moment[], part: WindowsPart): readonly Moment[] | undefined => {
    if (done.length === moments.length) return done
    for (const moment of moments) {
      if (done.includes(moment) || ('needs' in moment && moment.needs && !done.includes(moment.needs))) continue
      const next = [...done, moment]
      const state = after(part, moment)
      const key = moments.map(each => (next.includes(each) ? '1' : '0')).join('')
      if (next.length < moments.length && !isKept(state, key)) continue
      const found = search(next, state)
      if (found) return found
    }
    return undefined
  }
  return search([], start)
}

function stepsOf(order: readonly Moment[], start: WindowsPart, names: PlanNames): PlannedStep[] {
  let part = start
  return order.map((moment): PlannedStep => {
    const operation =
      'set' in moment
        ? names.setOperation(part, 'Update', [moment.set])
        : names.endpointOperation(moment.endpoint.now, moment.endpoint.next.own)
    part = after(part, moment)
    return {
      tool: 'hns',
      isAtomic: false,
      ...WHYS.walked,
      ...('set' in moment && {isOfSets: true as const}),
      operations: [operation],
    }
  })
}
