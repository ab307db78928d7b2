import type {ClusterObjects, Node} from '../kubernetes/objects.ts'
import type {Problem} from '../problem/problem.ts'
import type {Endpoint} from './endpoints.ts'

/** What AKS writes on nodes whose pods have addresses of an overlay. Source: AKS, reserved labels of nodes. */
const OVERLAY_LABELS = {
  'kubernetes.azure.com/podnetwork-type': 'overlay',
  'kubernetes.azure.com/azure-cni-overlay': 'true',
} as const

const isOverlay = ({metadata: {labels = {}}}: Node): boolean =>
  Object.entries(OVERLAY_LABELS).some(([key, value]) => labels[key] === value)

/** With kubenet, and with others like it, each node has a range of its own for its pods; Azure CNI gives them addresses of a subnet. */
const hasPodRange = ({spec}: Node): boolean => spec?.podCIDR !== undefined && spec.podCIDR !== ''

/**
 * What the cluster's network means for a packet from outside. In an overlay nobody outside can send to a pod's address: what comes
 * in comes through a service, and then rules and policies may see the address of a node in place of the sender's. With ranges of
 * nodes it depends on routes that the cluster does not tell.
 */
export function networkProblems(
  cluster: ClusterObjects | undefined,
  {source, destination}: {readonly source: Endpoint; readonly destination: Endpoint},
): Problem[] {
  if (source.pod || !destination.pod || !cluster) return []
  // A node reaches the pods, and has an address of its own.
  const isNode = cluster.nodes.some(({status}) => status?.addresses?.some(({address}) => address === source.address))
  if (isNode) return []
  const way = 'through a service, and unless that has externalTrafficPolicy Local the rules see the address of a node'
  const next = 'Trace the address of the node that the packet comes in by, too.'
  const problem = (message: string): Problem[] => [{code: 'NETWORK_MODEL', message, next}]
  if (cluster.nodes.some(isOverlay))
    return problem(`this cluster has Azure CNI Overlay: ${source.name} cannot send to ${destination.name} directly, only ${way}`)
  if (cluster.nodes.some(hasPodRange))
    return problem(
      `nodes of this cluster have ranges of their own for pods, as with kubenet: where no route leads there, ${source.name} can send to ${destination.name} only ${way}`,
    )
  return []
}
