import type {DataPlane, DescribedWalk, NodeState} from '../dataplane/dataplane.ts'
import type {ClusterObjects, ObjectMeta} from '../kubernetes/objects.ts'
import {policyIp} from '../kubernetes/pod-filter.ts'
import type {Packet, Verdict} from '../net/packet.ts'
import type {CompileOptions} from '../policy/program.ts'

/** As Azure NPM of today programs. */
const NEWEST: CompileOptions = {scheme: 'sha256', semantics: 'npm'}

/** What Azure NPM will do with a packet, and why, in words. */
export interface ForetoldPacket extends Pick<DescribedWalk, 'trail' | 'reason'> {
  readonly verdict: Verdict
  readonly options: CompileOptions
}

/** Foretells what Azure NPM will do with a packet: compiles what concerns the packet, and walks it. */
export function foretellPacket(cluster: ClusterObjects, dataPlane: DataPlane, packet: Packet): ForetoldPacket {
  const concerned = partOf(cluster, packet)
  const node: NodeState = dataPlane.foretell(dataPlane.policyCompiler.compile(concerned, NEWEST), {cluster: concerned})
  const walk = node.walk(packet)
  const {trail, reason} = node.describe(walk)
  return {verdict: walk.verdict, reason, trail, options: NEWEST}
}

/**
 * The objects that a packet can meet: the pods at its addresses, their namespaces, and the policies there. Other policies select other
 * pods, and sets that no other pod is in hold nothing that the packet could match. Names of sets and chains do not collide.
 */
function partOf(cluster: ClusterObjects, {source, destination}: Packet): ClusterObjects {
  const pods = cluster.pods.filter(pod => {
    const ip = policyIp(pod)
    return ip === source || ip === destination
  })
  const namespaces = new Set(pods.map(({metadata}) => metadata.namespace ?? 'default'))
  const isIn = ({metadata}: {readonly metadata: ObjectMeta}) => namespaces.has(metadata.namespace ?? 'default')
  return {
    ...cluster,
    pods,
    namespaces: cluster.namespaces.filter(({metadata}) => namespaces.has(metadata.name)),
    policies: cluster.policies.filter(isIn),
  }
}
