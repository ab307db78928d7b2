import type {DataPlane, NodeState} from '../dataplane/dataplane.ts'
import type {DescribedWalk} from '../dataplane/walk.ts'
import {dataPlaneOfNode} from '../dataplanes.ts'
import type {ClusterObjects, ObjectMeta} from '../kubernetes/objects.ts'
import {policyIp} from '../kubernetes/pod-filter.ts'
import type {Packet, Verdict} from '../net/packet.ts'
import type {CompileOptions} from '../policy/program.ts'

/** As Azure NPM of today programs. */
const NEWEST: CompileOptions = {scheme: 'sha256', semantics: 'npm'}

type Ends = Pick<Packet, 'source' | 'destination'>

/** What Azure NPM will do with a packet, and why, in words. */
export interface ForetoldPacket extends Pick<DescribedWalk, 'trail' | 'reason'> {
  readonly verdict: Verdict
  readonly options: CompileOptions
  /** That of the node which decides. */
  readonly dataPlane: DataPlane
}

/**
 * Foretells what Azure NPM will do with a packet: compiles what concerns the packet, and walks it. The nodes of both ends must let it pass,
 * and each has the data plane of its operating system.
 *
 * @param usual the data plane of nodes of which nothing says what they run
 */
export function foretellPacket(cluster: ClusterObjects, usual: DataPlane, packet: Packet): ForetoldPacket {
  const foretold = foretoldNodes(cluster, usual, packet).map((node): ForetoldPacket => {
    const walk = node.walk(packet)
    const {trail, reason, ofConnection} = node.describe(walk)
    return {
      verdict: walk.verdict,
      reason: [reason, ofConnection].filter(each => each !== undefined).join('; '),
      trail,
      options: NEWEST,
      dataPlane: node.dataPlane,
    }
  })
  const last = foretold.at(-1) as ForetoldPacket
  const deciding = foretold.find(({verdict}) => verdict === 'drop') ?? foretold.find(({verdict}) => verdict === 'unknown') ?? last
  return {...deciding, trail: foretold.slice(0, foretold.indexOf(deciding) + 1).flatMap(({trail}) => trail)}
}

/** The nodes of both ends of packets, as Azure NPM will program them: one of each data plane. */
export function foretoldNodes(cluster: ClusterObjects, usual: DataPlane, ends: Ends): NodeState[] {
  const concerned = partOf(cluster, ends)
  return planesOf(concerned, usual, ends).map(dataPlane =>
    dataPlane.foretell(dataPlane.policyCompiler.compile(concerned, NEWEST), {cluster: concerned}),
  )
}

/** The data planes of the nodes that a packet passes: the sender's, then the receiver's. */
function planesOf({pods, nodes}: ClusterObjects, usual: DataPlane, {source, destination}: Ends): DataPlane[] {
  const planes = [source, destination].flatMap(address =>
    pods
      .filter(pod => policyIp(pod) === address)
      .map(({spec}) => dataPlaneOfNode(nodes.find(({metadata}) => metadata.name === spec?.nodeName)) ?? usual),
  )
  return planes.length === 0 ? [usual] : [...new Set(planes)]
}

/**
 * The objects that a packet can meet: the pods at its addresses, their namespaces, and the policies there. Other policies select other
 * pods, and sets that no other pod is in hold nothing that the packet could match. Names of sets and chains do not collide.
 */
function partOf(cluster: ClusterObjects, {source, destination}: Ends): ClusterObjects {
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
