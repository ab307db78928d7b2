import type {ClusterObjects, Node} from '../kubernetes/objects.ts'
import type {Problem} from '../problem/problem.ts'
import type {Endpoint} from './endpoints.ts'

/** Labels of AKS on nodes whose pods have overlay addresses; one is enough. Source: AKS, reserved labels of nodes. */
const OVERLAY_LABELS = {
  'kubernetes.azure.com/podnetwork-type': 'overlay',
  'kubernetes.azure.com/azure-cni-overlay': 'true',
} as const

const isOverlay = ({metadata: {labels = {}}}: Node): boolean =>
  Object.entries(OVERLAY_LABELS).some(([key, value]) => labels[key] === value)

/** Whether a node has its own address range for pods, as with kubenet. With Azure CNI, pods have addresses of a subnet. */
const hasPodRange = ({spec}: Node): boolean => spec?.podCIDR !== undefined && spec.podCIDR !== ''

/**
 * Reports when the cluster's network may prevent a packet from outside. In an overlay, pod addresses cannot be reached from
 * outside. Packets arrive through a service, and rules and policies may see the address of a node as their source. With pod
 * ranges per node, it depends on routes that the cluster objects do not contain.
 *
 * @returns at most one problem
 */
export function networkProblems(
  cluster: ClusterObjects | undefined,
  {source, destination}: {readonly source: Endpoint; readonly destination: Endpoint},
): Problem[] {
  if (source.pod || !destination.pod || !cluster) return []
  // Nodes reach pods directly, with their own address.
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
