import type {Probe} from '../contract/matrix.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import {incompleteObjects} from '../kubernetes/completeness.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import {Matrix, type MatrixEnd, type MatrixInput} from '../matrix/matrix.ts'
import {parseIpv4} from '../net/ipv4.ts'
import type {Bits} from '../packets/bits.ts'
import type {PacketSetWalk} from '../packets/packet-domain.ts'
import {PolicyPackets} from '../packets/policy-packets.ts'
import {type ServiceRange, serviceAt, servicesOf} from '../packets/services.ts'
import {PacketEnds} from '../policy/packet-ends.ts'
import {Routes} from '../trace/nodes.ts'

/** Ports of one protocol at all of which the same happens, from the first to the last. */
export interface PortRange {
  readonly protocol: Probe['protocol']
  readonly from: number
  readonly to: number
}

const TRANSPORTS: readonly ServiceRange[] = [servicesOf('tcp'), servicesOf('udp'), servicesOf('sctp')]

/**
 * Cuts all ports where anything changes between one end and any other, in either direction: by the nodes' rules or by what the
 * policies mean. Asking about the first port of each range asks about all ports.
 *
 * @param name of the end
 */
export function constantPorts(name: string, input: Omit<MatrixInput, 'ports'>): PortRange[] {
  const ends = oneOfEachClass(input)
  const own = ends.findIndex(end => end.name === name)
  if (own < 0) return []
  const starts = new Set<number>()
  const {ofNode, meant} = judgesOf(ends, input)
  const routes = new Routes(input.nodes ?? [])
  for (const receiver of ends.keys()) {
    // Only the nodes of both ends see a packet; of ends that are on none of them any may.
    const {nodes} = routes.between(ends[own] as MatrixEnd, ends[receiver] as MatrixEnd)
    for (const judge of [...nodes.map(ofNode), ...meant])
      for (const {from, to, senders} of judge(receiver)) if (receiver === own || senders.has(own)) starts.add(from).add(to + 1)
  }
  return TRANSPORTS.flatMap(range => cutAt(range, starts)).map(({from, to}) => ({
    protocol: serviceAt(from).protocol as Probe['protocol'],
    from: serviceAt(from).port ?? 0,
    to: serviceAt(to).port ?? 0,
  }))

  /** The end that is asked about stands for its class, and its like for what it does with itself. */
  function oneOfEachClass(asked: Omit<MatrixInput, 'ports'>): MatrixEnd[] {
    const matrix = new Matrix({...asked, ports: []})
    const classes = new Map<string, MatrixEnd>()
    for (const [at, end] of matrix.ends.entries())
      classes.set(end.name === name ? 'own' : end.pod ? matrix.classOf(at) : `alone ${end.name}`, end)
    return [...classes.values()]
  }
}

interface Part extends ServiceRange {
  readonly senders: Pick<Bits, 'has'>
}

/** Judges packets between the ends to one of them: each part goes from one service to another. */
type Judge = (receiver: number) => readonly Part[]

interface Judges {
  readonly ofNode: (node: NodeState) => Judge
  /** What the policies mean, where they are known. */
  readonly meant: readonly Judge[]
}

function judgesOf(ends: readonly MatrixEnd[], {cluster}: Omit<MatrixInput, 'ports'>): Judges {
  const addresses = ends.map(({address}) => parseIpv4(address) ?? 0)
  const walks = new Map<NodeState, PacketSetWalk>()
  const walkOf = (node: NodeState): PacketSetWalk => {
    const walk = walks.get(node) ?? node.walkSets({senders: addresses, receivers: addresses, services: TRANSPORTS})
    walks.set(node, walk)
    return walk
  }
  return {ofNode: node => receiver => walkOf(node).judge(receiver), meant: cluster ? [meaning(cluster, ends)] : []}
}

function meaning(cluster: ClusterObjects, ends: readonly MatrixEnd[]): Judge {
  const known = new PacketEnds(cluster, incompleteObjects(cluster))
  const meant = ends.map(({pod, address}) => known.of(pod, address)[0] ?? {address: parseIpv4(address)})
  const packets = new PolicyPackets(cluster, {senders: meant, receivers: meant})
  return receiver => packets.allowed(receiver).map(({from, to, possible}) => ({from, to, senders: possible}))
}

const cutAt = (range: ServiceRange, starts: ReadonlySet<number>): ServiceRange[] => {
  const inside = [...starts].filter(start => start > range.from && start <= range.to).toSorted((a, b) => a - b)
  return [range.from, ...inside].map((from, at) => ({from, to: (inside[at] ?? range.to + 1) - 1}))
}
