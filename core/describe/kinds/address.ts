import type {TranslatedPolicy} from '../../contract/translation.ts'
import {objectKey, type Pod} from '../../kubernetes/objects.ts'
import {policyIp} from '../../kubernetes/pod-filter.ts'
import {Selection} from '../../policies/selection.ts'
import {joined, setsHolding} from '../../translate/holding-sets.ts'
import type {Knowledge} from '../knowledge.ts'
import {reachOf} from '../reach.ts'
import {absent, keyOf, type Scope} from '../scope.ts'

/** A pod by its address, which may be of no pod at all. */
export const ofPod = (pod: Pod, known: Knowledge): Scope => ofHolders(policyIp(pod), [pod], known)

export const ofAddress = (address: string, known: Knowledge): Scope =>
  ofHolders(
    address,
    known.pods.filter(pod => isAt(pod, address)),
    known,
  )

/** Finished pods have left their address, which another may have by now. */
const isAt = ({status}: Pod, address: string): boolean =>
  status?.phase !== 'Succeeded' &&
  status?.phase !== 'Failed' &&
  (status?.podIP === address || (status?.podIPs ?? []).some(({ip}) => ip === address))

/** @param address under which policies apply to the pod; undefined where none do */
function ofHolders(address: string | undefined, pods: readonly Pod[], known: Knowledge): Scope {
  const held = new Map(known.nodes.map(node => [node.node, address === undefined ? new Map() : setsHolding(address, node)]))
  const subject = pods.find(pod => policyIp(pod) !== undefined)
  const key = subject && objectKey(subject)
  const selecting = new Set(key === undefined || !known.cluster ? [] : new Selection(known.cluster).selecting(key))
  const reach = subject && key !== undefined ? reachOf(key, subject.spec?.nodeName, known) : undefined
  const names = new Set(pods.map(objectKey))
  return {
    pods,
    heldBy: joined([...held.values()]),
    policies: item => selecting.has(keyOf(item)),
    rules: (policy, node) => {
      const sets = held.get(node)
      const completeness = known.nodes.find(each => each.node === node)?.completeness
      // That a set which was not given holds it not is not known.
      const isHeld = ({set, negated}: TranslatedPolicy['appliesTo'][number]) =>
        negated ? sets?.has(set) === false && completeness?.ofSet(set, true) === undefined : sets?.has(set) === true
      const isProgrammed = address !== undefined && policy.appliesTo.length > 0 && policy.appliesTo.every(isHeld)
      return isProgrammed || policy.policy.split('|').some(name => selecting.has(name)) ? policy : undefined
    },
    ...(reach && 'reach' in reach && {reach: reach.reach}),
    incomplete: [
      ...(reach && 'reach' in reach ? reach.incomplete : []),
      ...(reach && 'reason' in reach ? [absent('who may reach it, and whom it may reach', reach.reason, reach.next)] : []),
    ],
    concerns: ({pod, policy, addresses = [], opens, closes}, _sets) =>
      (pod !== undefined && names.has(pod)) ||
      (policy !== undefined && selecting.has(policy)) ||
      (address !== undefined && addresses.includes(address)) ||
      [...opens, ...closes].some(
        ({packet, source = '', destination = ''}) =>
          names.has(source) || names.has(destination) || (address !== undefined && packet.split(' ').includes(address)),
      ),
  }
}
