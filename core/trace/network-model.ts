import type {ClusterObjects, Node} from '../cluster/objects.ts'
import type {Problem} from '../problem.ts'
import type {TracedEnd} from './ends.ts'

/** What AKS writes on nodes whose pods have addresses of an overlay. Source: AKS, reserved labels of nodes. */
const OVERLAY_LABELS = {
  'kubernetes.azure.com/podnetwork-type': 'overlay',
  'kubernetes.azure.com/azure-cni-overlay': 'true',
} as const

const isOverlay = ({metadata: {labels = {}}}: Node): boolean =>
  Object.entries(OVERLAY_LABELS).some(([key, value]) => labels[key] === value)

/**
 * What the cluster's network means for a packet from outside. In an overlay nobody outside can send to a pod's address: what comes
 * in comes through a service, and then rules and policies may see the address of a node in place of the sender's.
 */
export function networkProblems(
  cluster: ClusterObjects | undefined,
  {source, destination}: {readonly source: TracedEnd; readonly destination: TracedEnd},
): Problem[] {
  if (source.pod || !destination.pod || !cluster?.nodes.some(isOverlay)) return []
  // A node reaches the pods of an overlay, and has an address of its own.
  const isNode = cluster.nodes.some(({status}) => status?.addresses?.some(({address}) => address === source.address))
  if (isNode) return []
  return [
    {
      code: 'NETWORK_MODEL',
      message: `this cluster has Azure CNI Overlay: ${source.name} cannot send to ${destination.name} directly, only through a service, and unless that has externalTrafficPolicy Local the rules see the address of a node`,
      next: 'Trace the address of the node that the packet comes in by, too.',
    },
  ]
}
