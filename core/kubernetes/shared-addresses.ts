import {printIpv4} from '../net/ipv4.ts'
import type {Problem} from '../problem/problem.ts'
import {shellWord} from '../text/shell-word.ts'
import {type ClusterObjects, objectKey, type Pod} from './objects.ts'
import {policyAddress} from './pod-filter.ts'

/** Clashes and names that one message holds. A broken cluster has many. */
const MOST_SHOWN = 3

/**
 * Reports addresses that several running pods have. Azure has given one address to two pods, and a Pod that was not deleted may keep
 * one that another has by now. Rules know addresses only, so on a node such pods are judged alike.
 */
export function sharedAddressProblems({pods}: Pick<ClusterObjects, 'pods'>): Problem[] {
  const first = new Map<number, Pod>()
  const shared = new Map<number, Pod[]>()
  for (const pod of pods) {
    const address = policyAddress(pod)
    if (address === undefined) continue
    const other = first.get(address)
    if (other) shared.set(address, [...(shared.get(address) ?? [other]), pod])
    else first.set(address, pod)
  }
  const clashes = [...shared].slice(0, MOST_SHOWN).map(([value, its]): Problem => {
    const address = printIpv4(value)
    const names = its.map(objectKey).toSorted()
    const shown = names.slice(0, MOST_SHOWN)
    const rest = names.length > shown.length ? ` and ${names.length - shown.length} more` : ''
    return {
      code: 'SHARED_ADDRESS',
      message: `pods ${shown.join(names.length > 2 ? ', ' : ' and ')}${rest} have one address, ${address}: on a node each of them meets the rules for all`,
      next: `Find out which of them has it: kubectl get pods -A -o wide --field-selector ${shellWord(`status.podIP=${address}`)}. The other needs a new one: delete its Pod.`,
    }
  })
  const left = shared.size - clashes.length
  if (left === 0) return clashes
  const message = `${left} more addresses have several pods each`
  return [...clashes, {code: 'SHARED_ADDRESS', message, next: 'Compare: kubectl get pods -A -o wide --sort-by=.status.podIP'}]
}
