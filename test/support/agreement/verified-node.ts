import {agreement, type Disagreement} from '../../../core/agreement/agreement.ts'
import type {VerifiedPackets} from '../../../core/agreement/verified-packets.ts'
import type {Verification} from '../../../core/contract/verification.ts'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import {diffNode} from '../../../core/drift/diff-node.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import type {ClusterObjects} from '../../../core/kubernetes/objects.ts'
import {policyAddress} from '../../../core/kubernetes/pod-filter.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {printIpsetRestore, printIptablesRestore} from '../../../core/linux/compile/print.ts'
import {probeNodes} from '../../../core/matrix/probe-nodes.ts'
import {parseIpv4} from '../../../core/net/ipv4.ts'
import type {Packet, Verdict} from '../../../core/net/packet.ts'
import {protocolNumber} from '../../../core/net/protocols.ts'
import type {EndClass} from '../../../core/packets/end-classes.ts'
import {serviceNumber} from '../../../core/packets/services.ts'
import {Evaluator} from '../../../core/policy/evaluate.ts'
import type {CompileOptions} from '../../../core/policy/program.ts'
import {resolveEndpoint} from '../../../core/trace/endpoints.ts'
import {knownPods} from '../../../core/trace/nodes.ts'
import {tracePacket} from '../../../core/trace/trace-packet.ts'
import {listSets, saveRules} from '../kernel/load.ts'
import type {PacketNode} from '../kernel/packets/packet-node.ts'

/** The node on which all pods of random clusters are. */
export const NODE = {name: 'node', address: '192.168.0.4'}
/** A service with one pod behind it. */
export const SERVICE = {
  name: 'red/shop:http',
  address: '172.16.0.10',
  protocol: 'tcp',
  port: 80,
  backends: [{address: '10.1.0.2', port: 8080}],
} as const

/** The jump's place in FORWARD: behind KUBE-SERVICES. */
const FORWARD_INDEX = 4

/** Loads what Azure NPM, or one that does what the API means, programs for some objects. */
export async function loadProgram(node: PacketNode, objects: ClusterObjects, options: CompileOptions): Promise<void> {
  const program = compile(objects, options)
  const text = (lines: Iterable<string>): string => [...lines, ''].join('\n')
  await node.load(text(printIpsetRestore(program)), text(printIptablesRestore(program, {forwardIndex: FORWARD_INDEX})))
}

/**
 * What the kernel holds now, read as a dump of the node is. `ipset list` says how many members each set has; a last set of `ipset save`
 * that lacks one might be cut off, which nothing here is.
 */
export async function readBack(node: PacketNode, cluster: ClusterObjects): Promise<NodeState> {
  const document = (name: string, text: string) => ({name, folder: '', text: [text]})
  const {nodes} = await readDump([
    document('iptables-save.txt', await saveRules(node.node, node.backend)),
    document('ipset-list.txt', await listSets(node.node)),
  ])
  const [read] = nodes
  if (!read || nodes.length > 1) throw new Error(`the save was read as ${nodes.length} nodes`)
  const status = {addresses: [{type: 'InternalIP', address: NODE.address}]}
  return read.with({node: NODE.name, cluster: {...cluster, nodes: [{metadata: {name: NODE.name}, status}]}})
}

const services: readonly Pick<Packet, 'protocol' | 'port'>[] = [
  ...[0, 79, 80, 81, 90, 91, 8080, 65_535].map(port => ({protocol: 'tcp' as const, port})),
  ...[80, 8080, 9999].map(port => ({protocol: 'udp' as const, port})),
  ...[80, 81].map(port => ({protocol: 'sctp' as const, port})),
  // GRE, ESP, OSPF and one that is reserved for experiments.
  ...['icmp', '47', '50', '89', '254'].map(protocol => ({protocol: protocol as Packet['protocol']})),
]

/** Packets of all kinds that the node forwards: between addresses of pods, others near them, the service and addresses outside. */
export function forwardedPackets({pods}: ClusterObjects): Packet[] {
  const inside = pods.flatMap(({spec, status}) => (spec?.hostNetwork === true ? [] : (status?.podIP ?? [])))
  const ofPods = new Set(pods.map(pod => policyAddress(pod)))
  const senders = [...new Set([...inside, '203.0.113.5', '203.0.113.200', '10.1.0.77'])]
  const receivers = [...senders, SERVICE.address]
  return senders.flatMap(source =>
    receivers.flatMap(destination => {
      const isOfPod = [source, destination].some(end => ofPods.has(parseIpv4(end)))
      const isForwarded = source !== destination && (isOfPod || destination === SERVICE.address)
      return isForwarded ? services.map(service => ({source, destination, ...service})) : []
    }),
  )
}

/**
 * Sends one packet each. Those of one direction go before those of the other: without ports a packet looks like the answer to the
 * one that goes the other way.
 */
export async function sendEach(node: PacketNode, packets: readonly Packet[]): Promise<Verdict[]> {
  const isFirst = packets.map(({source, destination}) => source < destination)
  const [there, back] = [
    await node.probe(packets.filter((_, index) => isFirst[index])),
    await node.probe(packets.filter((_, index) => !isFirst[index])),
  ]
  return isFirst.map(first => (first ? there : back).shift() as Verdict)
}

/** A packet after service translation; undefined where it comes back to its sender. */
function translated(packet: Packet): Packet | undefined {
  const {destination, protocol, port} = packet
  if (destination !== SERVICE.address || protocol !== SERVICE.protocol || port !== SERVICE.port) return packet
  const {address, port: behind} = SERVICE.backends[0]
  return address === packet.source ? undefined : {...packet, destination: address, port: behind}
}

export const textOf = ({source, destination, protocol, port}: Packet): string =>
  `${source} -> ${destination} ${port === undefined ? protocol : `${protocol}/${port}`}`

/** Whether some packets are judged otherwise than the policies say. */
export function isOtherwise({cluster}: NodeState, packets: readonly Packet[], real: readonly Verdict[]): boolean {
  const evaluator = new Evaluator(cluster as ClusterObjects)
  return packets.some((packet, index) => {
    const behind = translated(packet)
    return behind && isCompared(packet, cluster as ClusterObjects) && evaluator.evaluate(behind).verdict !== real[index]
  })
}

/** What real packets, the walk, the policies and the comparison of sets say of packets, where they do not agree. One line each. */
export function contradictions(state: NodeState, packets: readonly Packet[], real: readonly Verdict[]): string[] {
  const cluster = state.cluster as ClusterObjects
  const evaluator = new Evaluator(cluster)
  const {packets: verified, disagreements} = agreement(state, cluster)
  const found = [...disagreements]
  return packets.flatMap((packet, index) => {
    const behind = translated(packet)
    if (!behind || !isCompared(packet, cluster)) return []
    const {verdict: walked, reason = ''} = state.walk(packet)
    const [arrived, meant] = [real[index], evaluator.evaluate(behind).verdict]
    const told = [...new Set(found.filter(each => tells(each, packet, verified)).map(({effect}) => effect))].join()
    const wanted = arrived === meant ? '' : arrived === 'accept' ? 'open' : 'closed'
    const isRight = walked === arrived && told === wanted
    return isRight
      ? []
      : [`${textOf(packet)}: packet ${arrived}, walk ${walked} ${reason}, policies ${meant}, told ${told || 'nothing'}`]
  })
}

/** One end is a pod of the node; what comes from elsewhere and goes there is no matter of it. */
const isCompared = ({source, destination}: Packet, {pods}: ClusterObjects): boolean => {
  const known = new Set(pods.map(pod => policyAddress(pod)))
  return known.has(parseIpv4(source)) || known.has(parseIpv4(destination))
}

function tells({from, to, senders, product, receiver}: Disagreement, packet: Packet, {classesAt}: VerifiedPackets): boolean {
  const number = serviceNumber(packet.protocol, packet.port)
  if (number < from || number > to || !classesAt(parseIpv4(packet.destination) ?? 0).includes(receiver)) return false
  const sources = classesAt(parseIpv4(packet.source) ?? 0)
  return [...senders].some(index => sources.includes(product.senders[index] as EndClass))
}

/** A packet that a verb says something of, and what it says happens to it. */
export interface Claim {
  readonly by: string
  readonly packet: Packet
  readonly verdict: Verdict
}

/** The packets of counterexamples. Of protocols that nothing names 254 is one. */
export const verifyClaims = ({against, counterexamples}: Verification): Claim[] =>
  counterexamples.map(({effect, packet: {source, destination, protocol, port}}) => {
    const number = protocol === 'other' ? 254 : protocolNumber(protocol)
    const isNamed = ['tcp', 'udp', 'sctp', 'icmp'].includes(protocol)
    const packet: Packet = {
      source: source.address,
      destination: destination.address,
      protocol: (isNamed ? protocol : String(number)) as Packet['protocol'],
      ...(port !== null && {port}),
    }
    return {by: `verify against ${against}`, packet, verdict: effect === 'open' ? 'accept' : 'drop'}
  })

/** The examples of each cause and departure, and whether there is anything to tell. */
export function diffClaims(state: NodeState): {readonly clean: boolean; readonly claims: readonly Claim[]} {
  const {clean, causes, departures} = diffNode(state, {isLite: false}, [])
  const claims = [...causes, ...departures].flatMap(({opens, closes}) => [
    ...opens.map(({packet}) => ({by: 'diff', packet: readPacket(packet), verdict: 'accept' as const})),
    ...closes.map(({packet}) => ({by: 'diff', packet: readPacket(packet), verdict: 'drop' as const})),
  ])
  return {clean, claims}
}

function readPacket(text: string): Packet {
  const [, source = '', destination = '', protocol = '', port] = /^(\S+) -> (\S+) (\w+)(?:\/(\d+))?$/.exec(text) ?? []
  return {source, destination, protocol: protocol as Packet['protocol'], ...(port !== undefined && {port: Number(port)})}
}

/** What trace says of the packets that others claim something of. */
export const traceClaims = (state: NodeState, claims: readonly Claim[]): Claim[] =>
  claims.flatMap(({packet: {source, destination, protocol, port}}) => {
    if (!['tcp', 'udp', 'sctp', 'icmp'].includes(protocol)) return []
    const asked = {source, destination, protocol, port: port === undefined ? undefined : String(port)}
    const {verdict} = tracePacket([state], asked, [])
    const packet = {source, destination, protocol, ...(port !== undefined && {port})}
    return [{by: 'trace', packet, verdict}]
  })

const PORTS = [
  {protocol: 'tcp', port: 80},
  {protocol: 'tcp', port: 8080},
  {protocol: 'udp', port: 81},
  {protocol: 'sctp', port: 80},
] as const

/** All cells of the matrix, at some ports. */
export function matrixClaims(state: NodeState): Claim[] {
  const outside = resolveEndpoint('external', knownPods([state])).address
  const addressOf = new Map(
    (state.cluster?.pods ?? []).map(({metadata, status}) => [`${metadata.namespace}/${metadata.name}`, status?.podIP ?? '']),
  )
  const address = (end: string) => (end === 'external' ? outside : (addressOf.get(end) ?? end))
  return [...probeNodes([state], {ports: PORTS}).document.probes].flatMap(({source, destination, protocol, port, verdict}) => {
    const packet = {source: address(source), destination: address(destination), protocol, port}
    return source === destination ? [] : [{by: 'matrix', packet, verdict}]
  })
}
