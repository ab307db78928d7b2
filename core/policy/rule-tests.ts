import {selects} from '../kubernetes/label-selector.ts'
import {declaresPort} from '../kubernetes/named-ports.ts'
import type {PolicyPeer, PolicyPort} from '../kubernetes/objects.ts'
import {blockHolds, parseIpv4Block} from '../net/ipv4.ts'
import type {Packet} from '../net/packet.ts'
import type {Answer} from './answer.ts'
import type {NamespaceLabels} from './namespace-labels.ts'
import {type End, mayBePodOf} from './packet-ends.ts'

export type PeerTest = (end: End) => Answer
export type PortTest = (packet: Packet, receiver: End) => Answer

/**
 * The condition of one peer of a rule.
 *
 * @param namespace of the policy
 */
export function peerTest(
  {ipBlock, podSelector, namespaceSelector}: PolicyPeer,
  namespace: string,
  namespaces: NamespaceLabels,
): PeerTest {
  if (ipBlock) {
    const block = parseIpv4Block(ipBlock.cidr)
    const excepted = (ipBlock.except ?? []).map(parseIpv4Block)
    // An IPv6 block contains no IPv4 address.
    if (!block) return () => false
    return ({address}) =>
      address !== undefined && blockHolds(block, address) && !excepted.some(each => each && blockHolds(each, address))
  }
  // A peer without fields selects nothing. The API server rejects it.
  if (!podSelector && !namespaceSelector) return () => false
  if (!namespaceSelector) {
    return end => {
      const {pod} = end
      if (!pod) return mayBePodOf(end, namespace)
      return (pod.metadata.namespace ?? 'default') === namespace && selects(podSelector ?? {}, pod.metadata.labels)
    }
  }
  return ({pod, mayBePod}) => {
    if (!pod) return mayBePod ?? false
    return (
      selects(podSelector ?? {}, pod.metadata.labels) && namespaces.match(namespaceSelector, pod.metadata.namespace ?? 'default')
    )
  }
}

/** A port condition. A name is looked up in the receiving pod; where there is none it matches nothing, if all pods are known. */
export function portTest({protocol = 'TCP', port, endPort}: PolicyPort): PortTest {
  const wanted = protocol.toLowerCase()
  if (port === undefined) return packet => packet.protocol === wanted
  const first = typeof port === 'number' || /^\d+$/.test(port) ? Number(port) : undefined
  if (first === undefined)
    return (packet, {pod, mayBePod}) => {
      if (packet.protocol !== wanted || packet.port === undefined) return false
      return pod ? declaresPort(pod, port as string, wanted, packet.port) : (mayBePod ?? false)
    }
  const last = endPort ?? first
  return packet => packet.protocol === wanted && packet.port !== undefined && packet.port >= first && packet.port <= last
}
