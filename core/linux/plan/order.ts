import {KeptPromise, promisedPackets} from '../../differences/promise.ts'
import type {LinuxNode} from '../node-state.ts'
import type {Change} from './change.ts'
import {type Moment, partBetween, touchedBy} from './moments.ts'
import {nodeWith} from './node-with.ts'

/** Walks of more addresses than these that change take longer than copies of sets. */
const MOST_TOUCHED = 100
/** Members of all sets, times the states that are walked: 2 s of processor time for every million. */
const MOST_MEMBERS_WALKED = 3_000_000
/** Where the rules of two back ends change, packets between all addresses are walked, not only those from and to a few. */
const MOST_MEMBERS_OF_ALL = 2_000

/**
 * An order of several moments in which every state between them keeps the promise, found by walking all packets from and to the
 * addresses that change: of others no set changes what it says, and they see nothing but the one moment at which the rules change.
 *
 * @param mostWalks how many states may be walked
 * @returns undefined when none was found
 */
export function keptOrder(
  change: Change,
  moments: readonly Moment[],
  {node, mostWalks}: {readonly node: LinuxNode; readonly mostWalks: number},
): readonly Moment[] | undefined {
  if (moments.length <= 1) return moments
  const members = countMembers(change)
  let left = Math.min(mostWalks, Math.floor(MOST_MEMBERS_WALKED / members))
  if (moments.length - 1 > left) return undefined
  const touched = touchedBy(change)
  const isOneRuleMoment = moments.filter(moment => 'backend' in moment).length <= 1
  if (touched.size > MOST_TOUCHED || (!isOneRuleMoment && members > MOST_MEMBERS_OF_ALL)) return undefined
  const after = nodeWith(node, partBetween(change, moments))
  const promise = new KeptPromise(node, after, promisedPackets([node, after], isOneRuleMoment ? touched : undefined))
  const known = new Map<string, boolean>()
  const isKept = (done: readonly Moment[], key: string): boolean => {
    const before = known.get(key)
    if (before !== undefined || left === 0) return before ?? false
    left--
    const kept = promise.breach(nodeWith(node, partBetween(change, done))) === undefined
    known.set(key, kept)
    return kept
  }
  const search = (done: readonly Moment[]): readonly Moment[] | undefined => {
    if (done.length === moments.length) return done
    for (const moment of moments) {
      if (done.includes(moment)) continue
      const next = [...done, moment]
      const key = moments.map(each => (next.includes(each) ? '1' : '0')).join('')
      if (next.length < moments.length && !isKept(next, key)) continue
      const found = search(next)
      if (found) return found
    }
    return undefined
  }
  return search([])
}

const countMembers = ({found}: Change): number => {
  let count = 0
  for (const {members} of found.sets.values()) count += members.length
  return count
}
