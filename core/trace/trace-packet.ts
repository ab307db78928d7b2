import type {Trace} from '../contract/trace.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import {wholenessOf} from '../kubernetes/named-end.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import {serviceOutside} from '../kubernetes/service-addresses.ts'
import {isHeadless} from '../kubernetes/service-backends.ts'
import type {Packet} from '../net/packet.ts'
import {InputError} from '../problem/input-error.ts'
import type {Problem} from '../problem/problem.ts'
import {type Endpoint, resolveEndpoint, resolvePort} from './endpoints.ts'
import {knownPods, namedPortSet, routeOf} from './nodes.ts'
import {TraceInput, traceQuestion} from './trace-question.ts'
import {backendsOfService, traceOutside, traceService} from './trace-service.ts'

/** A packet as the user describes it. */
export interface DescribedPacket {
  /** `namespace/pod`, `deploy/web` and such, an IPv4 address, or `external`. */
  readonly source: string
  /** The same; also a service, or its address. */
  readonly destination: string
  readonly protocol: Packet['protocol']
  /** Of names without one. Absent: of any, if only one has such a pod. */
  readonly namespace?: string | undefined
  /** Destination port: a number from 0 to 65535, or a name that the receiver declares. Ignored for icmp. */
  readonly port: string | undefined
  /** Firewall mark that the packet carries before the first rule, 32 bits. */
  readonly mark?: number | undefined
}

/** Both ends of packets. */
export interface TracedEnds {
  readonly source: Endpoint
  readonly destination: Endpoint
}

/**
 * Traces one packet. It resolves both ends and finds the nodes that the packet passes. Then it walks the rules of these nodes, or
 * evaluates the policies when no rules are known. If rules and policies disagree, it explains why. What goes to a service is followed to
 * its backends.
 *
 * @param dumps nodes that the packet may pass, with the known cluster objects
 * @param problems of the input as a whole; they come first in the trace's problems
 * @throws InputError when an end or the port is unknown, or when there are neither rules nor policies
 */
export const tracePacket = (dumps: readonly NodeState[], asked: DescribedPacket, problems: readonly Problem[]): Trace =>
  traceBetween(new TraceInput(dumps), endsOf(dumps, asked), asked, problems)

/** The ends that are asked for. @throws InputError when one is unknown */
export function endsOf(
  dumps: readonly NodeState[],
  asked: Pick<DescribedPacket, 'source' | 'destination' | 'namespace'>,
): TracedEnds {
  const known = {...knownPods(dumps), namespace: asked.namespace}
  const source = resolveEndpoint(asked.source, known)
  if (source.service && asked.source !== source.address)
    throw new InputError(
      `${asked.source} is a service, and sends nothing`,
      'Give the pod that sends: NAMESPACE/POD, or deploy/NAME.',
    )
  return {source, destination: resolveEndpoint(asked.destination, known)}
}

/** `tracePacket` between ends that are known. */
export function traceBetween(
  input: TraceInput,
  {source, destination}: TracedEnds,
  {protocol, mark, port: asked}: Pick<DescribedPacket, 'protocol' | 'port' | 'mark'>,
  problems: readonly Problem[],
): Trace {
  const told = [...problems, ...choiceProblems([source, destination])]
  const packet = {source, destination, protocol, ...(mark !== undefined && {mark})}
  const {service} = destination
  if (service && (protocol !== 'icmp' || isHeadless(service))) return traceService(input, {...packet, service}, asked, told)
  if (protocol !== 'icmp' && asked === undefined)
    throw new InputError('--port is missing', 'Rules look at the port: --port N or --port NAME.')
  const {nodes} = routeOf(input.dumps, source, destination)
  const port =
    asked === undefined || protocol === 'icmp' ? undefined : resolvePort(asked, protocol, destination, namedPortSet(nodes, asked))
  const outside = input.cluster && serviceOutside(input.cluster, destination.address, protocol, port)
  if (outside) return traceOutside(input, {...packet, port}, outside, told)
  return traceQuestion(input, {...packet, port}, told)
}

/** Which pod stands for a name that is not its own. */
const choiceProblems = (ends: readonly Endpoint[]): Problem[] =>
  ends.flatMap(({choice}) =>
    choice === undefined
      ? []
      : [{code: 'CHOSEN_POD' as const, message: choice, next: 'For another one, name the pod: NAMESPACE/POD'}],
  )

/**
 * Names of the nodes on which the pods at the ends of a packet run. An end that is no pod has none; of a service all its backends count.
 *
 * @param ends as in `DescribedPacket`
 * @throws InputError for a pod that is not among the cluster's
 */
export function nodesOfEndpoints(cluster: ClusterObjects, ends: readonly string[], namespace?: string): string[] {
  const {pods, nodes: known, services} = cluster
  const nodes = ends.flatMap(end => {
    const {pod, node, service} = resolveEndpoint(end, {
      pods,
      nodes: known,
      services,
      namespace,
      sets: undefined,
      isWhole: wholenessOf(cluster),
    })
    if (service) return backendsOfService(service, cluster).map(backend => backend.pod?.spec?.nodeName)
    return [pod?.spec?.nodeName ?? node]
  })
  return [...new Set(nodes.filter(node => node !== undefined))]
}
