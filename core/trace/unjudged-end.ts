import type {IncompletePart} from '../contract/common.ts'
import {type ClusterObjects, objectKey, type Pod} from '../kubernetes/objects.ts'
import {policyIp} from '../kubernetes/pod-filter.ts'
import type {Packet} from '../net/packet.ts'
import type {ExpectedVerdict} from '../policy/evaluate.ts'
import {flagWords} from '../text/shell-word.ts'
import type {Endpoint} from './endpoints.ts'
import type {Route} from './nodes.ts'
import type {Leg} from './passage.ts'

/**
 * The end of a packet whose policies only a node enforces that was not given. What other nodes let pass may be denied there. Of what a node
 * sends or receives itself it judges nothing.
 *
 * @param packet after service translation
 * @param legs what the nodes did with it that were given
 * @returns undefined where every end that policies are about is judged
 */
export function unjudgedEnd(
  {source, destination}: {readonly source: Endpoint; readonly destination: Endpoint},
  packet: Packet,
  legs: readonly Leg[],
  {ingress, egress}: ExpectedVerdict,
): IncompletePart | undefined {
  const isJudged = (address: string): boolean =>
    legs.some(({node: {judges}, walk: {path = 'forward'}}) => path === 'forward' && (!judges || judges(address)))
  for (const {side, address, end} of [
    {side: egress, address: packet.source, end: source},
    {side: ingress, address: packet.destination, end: destination},
  ]) {
    const isAsked = side.selecting.length > 0 || side.verdict === 'unknown'
    if (!isAsked || side.isOwnNode || isJudged(address)) continue
    const {node, name} = end.address === address ? {node: end.pod?.spec?.nodeName, name: end.name} : {name: address}
    return {
      part: `the node of ${name}`,
      state: 'absent',
      reason: `only the node of ${name} enforces the policies for it, and that node was not given`,
      next: `Give it too: ${flagWords('--node', node ?? 'NODE')}, or its dump with --from.`,
    }
  }
  return undefined
}

/** The nodes of ends that were not given: each judges the packet, too, so that what others let pass it may drop. */
export function unreadEnds({source, destination}: Packet, route: Route, cluster: ClusterObjects | undefined): IncompletePart[] {
  const ends = [source, destination].map(address => cluster?.pods.find(pod => policyIp(pod) === address))
  const isGiven = (pod: Pod | undefined) => pod !== undefined && route.nodeOf(policyIp(pod) ?? '') !== undefined
  if (!ends.some(isGiven) || route.nodes.some(({node}) => node === 'unknown')) return []
  return ends.flatMap(pod => {
    const node = pod?.spec?.nodeName
    if (!pod || node === undefined || isGiven(pod)) return []
    return [
      {
        part: `node ${node}`,
        state: 'absent' as const,
        reason: `${objectKey(pod)} runs on ${node}, which was not given: it judges the packet, too, and may drop it`,
        next: `Give it too: --node ${node}, or its dump with --from.`,
      },
    ]
  })
}
