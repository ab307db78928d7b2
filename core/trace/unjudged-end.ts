import type {IncompletePart} from '../contract/common.ts'
import type {Packet} from '../net/packet.ts'
import type {ExpectedVerdict} from '../policy/evaluate.ts'
import {flagWords} from '../text/shell-word.ts'
import type {Endpoint} from './endpoints.ts'
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
