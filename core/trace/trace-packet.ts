import type {Trace} from '../contract/trace.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import {incompleteProblems} from '../kubernetes/completeness.ts'
import {type ClusterObjects, emptyCluster} from '../kubernetes/objects.ts'
import type {Packet} from '../net/packet.ts'
import {Evaluator, type ExpectedVerdict, type MeantPods} from '../policy/evaluate.ts'
import {InputError} from '../problem/input-error.ts'
import type {Problem} from '../problem/problem.ts'
import {deviationReasons, explainDisagreement} from './disagreement.ts'
import {type Endpoint, resolveEndpoint, resolvePort} from './endpoints.ts'
import {foretellPacket} from './foretell-packet.ts'
import {networkProblems} from './network-model.ts'
import {knownPods, namedPortSet, type Route, routeOf} from './nodes.ts'
import {remediesOf} from './remedies.ts'
import {packetOf, type TraceQuestion, traceInside, traceNodes, tracePolicies} from './trace.ts'

/** A packet as the user describes it. */
export interface DescribedPacket {
  /** `namespace/pod`, `deploy/web` and such, an IPv4 address, or `external`. */
  readonly source: string
  /** The same; also the address of a service. */
  readonly destination: string
  readonly protocol: Packet['protocol']
  /** Of names without one. Absent: of any, if only one has such a pod. */
  readonly namespace?: string | undefined
  /** Destination port: a number from 0 to 65535, or a name that the receiver declares. Ignored for icmp. */
  readonly port: string | undefined
  /** Firewall mark that the packet carries before the first rule, 32 bits. */
  readonly mark?: number | undefined
}

/**
 * Traces one packet. It resolves both ends and finds the nodes that the packet passes. Then it walks the rules of these nodes, or
 * evaluates the policies when no rules are known. If rules and policies disagree, it explains why.
 *
 * @param dumps nodes that the packet may pass, with the known cluster objects
 * @param problems of the input as a whole; they come first in the trace's problems
 * @throws InputError when an end or the port is unknown, or when there are neither rules nor policies
 */
export function tracePacket(dumps: readonly NodeState[], asked: DescribedPacket, problems: readonly Problem[]): Trace {
  const known = {...knownPods(dumps), namespace: asked.namespace}
  const source = resolveEndpoint(asked.source, known)
  const destination = resolveEndpoint(asked.destination, known)
  const {protocol, mark} = asked
  if (protocol !== 'icmp' && asked.port === undefined)
    throw new InputError('--port is missing', 'Rules look at the port: --port N or --port NAME.')
  const route = routeOf(dumps, source, destination)
  const {nodes} = route
  const port =
    asked.port === undefined || protocol === 'icmp'
      ? undefined
      : resolvePort(asked.port, protocol, destination, namedPortSet(nodes, asked.port))
  const question: TraceQuestion = {source, destination, protocol, port, ...(mark !== undefined && {mark})}
  const cluster = dumps.find(dump => dump.cluster)?.cluster
  const general = [...problems, ...choiceProblems([source, destination]), ...networkProblems(cluster, question)]
  if (source.address === destination.address) return inside(question, dumps, cluster, general)
  const isAnyKnown = cluster !== undefined || nodes.some(({completeness}) => completeness.rules !== 'absent')
  return nodes.length > 0 && isAnyKnown
    ? overNodes(question, route, cluster, general)
    : overPolicies(question, dumps, cluster, general)
}

/** Which pod stands for a name that is not its own. */
const choiceProblems = (ends: readonly Endpoint[]): Problem[] =>
  ends.flatMap(({choice}) =>
    choice === undefined
      ? []
      : [{code: 'CHOSEN_POD' as const, message: choice, next: 'For another one, name the pod: NAMESPACE/POD'}],
  )

/** A packet to the own address: no node sees it. */
function inside(
  question: TraceQuestion,
  dumps: readonly NodeState[],
  cluster: ClusterObjects | undefined,
  general: readonly Problem[],
): Trace {
  const expected = new Evaluator(cluster ?? emptyCluster()).evaluate(packetOf(question), meantPods(question))
  const problems = [...general, ...new Set(dumps.flatMap(dump => dump.problems))]
  return {...traceInside(question, expected), disagreements: [], problems}
}

function overNodes(
  question: TraceQuestion,
  route: Route,
  cluster: ClusterObjects | undefined,
  problems: readonly Problem[],
): Trace {
  const evaluator = cluster && new Evaluator(cluster)
  const {ends, meaning, ...traced} = traceNodes(
    question,
    route,
    evaluator && (packet => evaluator.evaluate(packet, meantPods(question))),
  )
  const elsewhere = elsewhereProblems(question, route, cluster)
  const packet = ends[0] ?? packetOf(question)
  const disagreements = explainDisagreement(traced, packet, route.nodes, cluster)
  return {
    ...traced,
    ...(traced.verdict === 'drop' && meaning && cluster && remedied(packet, meaning, cluster, question, disagreements)),
    disagreements,
    problems: [...problems, ...elsewhere, ...missingProblems(traced, cluster), ...new Set(traced.problems)],
  }
}

/** The pods that were named. Of an end that is given by its address, the policies of each pod there are asked. */
const meantPods = ({source, destination}: TraceQuestion): MeantPods => ({
  source: source.isNamed ? source.pod : undefined,
  destination: destination.isNamed ? destination.pod : undefined,
})

function overPolicies(
  question: TraceQuestion,
  dumps: readonly NodeState[],
  cluster: ClusterObjects | undefined,
  general: readonly Problem[],
): Trace {
  const problems = [...general, ...new Set(dumps.flatMap(dump => dump.problems))]
  if (!cluster)
    throw new InputError(
      'nothing to trace over: neither rules nor policies were found',
      'Give a dump or cluster objects with --from.',
      problems,
    )
  const packet = packetOf(question)
  const expected = new Evaluator(cluster).evaluate(packet, meantPods(question))
  const traced = tracePolicies(question, expected)
  const dataPlane = dumps[0]?.dataPlane
  // What Azure NPM will do rests on the same objects. Packets between a pod and its node do not meet its rules.
  if (!dataPlane || expected.verdict === 'unknown' || expected.exempt)
    return {...traced, disagreements: [], problems: [...problems, ...missingProblems(traced, cluster)]}
  const foretold = foretellPacket(cluster, dataPlane, packet)
  const isOther = foretold.verdict !== expected.verdict && foretold.verdict !== 'unknown'
  const disagreements = isOther ? deviationReasons(cluster, packet, foretold.options, foretold.dataPlane) : []
  const isDropped = expected.verdict === 'drop' || foretold.verdict === 'drop'
  return {
    ...traced,
    ...(isDropped && remedied(packet, expected, cluster, question, disagreements)),
    foretold: {verdict: foretold.verdict, because: foretold.reason, trail: [...foretold.trail]},
    disagreements,
    problems,
  }
}

const REWRITE = 'write the policy so that Azure NPM does what it says: kubectl npm lint tells how'
const GIVE_ADDRESS = 'give one of the pods that share the address another one: delete its Pod'
const REPAIR = 'put the node right: kubectl npm diff shows all that is wrong with it'

/** What would let a dropped packet through: changes to the policies that deny it, or a repair where they allow it. */
function remedied(
  packet: Packet,
  expected: ExpectedVerdict,
  cluster: ClusterObjects,
  question: TraceQuestion,
  disagreements: readonly string[],
): Pick<Trace, 'remedies'> {
  // The address of an end outside is one of many.
  const outside = [question.source, question.destination].find(({name}) => name === 'external')
  const told = (text: string) =>
    outside ? text.replace(`ipBlock ${outside.address}/32`, 'an ipBlock that holds the address outside') : text
  const changes = remediesOf(packet, expected, cluster, meantPods(question)).map(({text}) => told(text))
  const isShared = disagreements.some(reason => reason.includes('have one address'))
  const isOfNpm = disagreements.some(reason => !reason.startsWith('node '))
  const repair =
    expected.verdict === 'accept' && disagreements.length > 0 ? [isShared ? GIVE_ADDRESS : isOfNpm ? REWRITE : REPAIR] : []
  const remedies = [...changes, ...repair]
  return remedies.length > 0 ? {remedies} : {}
}

/** What is said of objects that were not given, when the meaning of the policies rests on them. */
const missingProblems = ({incomplete}: Pick<Trace, 'incomplete'>, cluster: ClusterObjects | undefined): Problem[] =>
  cluster && incomplete.length > 0 ? incompleteProblems(cluster) : []

/** A node on which neither end runs does not see the packet, unless it routes for others. */
function elsewhereProblems({source, destination}: TraceQuestion, {nodes}: Route, cluster: ClusterObjects | undefined): Problem[] {
  const isOfGiven = ({address}: Endpoint) =>
    cluster?.nodes.some(
      ({metadata, status}) =>
        nodes.some(({node}) => node === metadata.name) && status?.addresses?.some(each => each.address === address),
    )
  if (isOfGiven(source) || isOfGiven(destination)) return []
  const wanted = [source, destination].flatMap(({pod, name}) => {
    const node = pod?.spec?.nodeName
    return node === undefined ? [] : [{name, node}]
  })
  const given = nodes.map(({node}) => node).filter(node => node !== 'unknown')
  if (wanted.length === 0 || given.length < nodes.length || wanted.some(({node}) => given.includes(node))) return []
  const where = wanted.map(({name, node}) => `${name} runs on ${node}`).join(', ')
  const who = wanted.length === 2 ? 'neither pod runs' : 'the pod does not run'
  return [
    {
      code: 'NETWORK_MODEL',
      message: `${who} on ${given.join(', ')}: ${where}`,
      next: `Give the node that the packet passes: --node ${wanted[0]?.node}, or its dump with --from.`,
    },
  ]
}

/**
 * Names of the nodes on which the pods at the ends of a packet run. An end that is no pod has none.
 *
 * @param ends as in `DescribedPacket`
 * @throws InputError for a pod that is not among the cluster's
 */
export function nodesOfEndpoints({pods, nodes: known}: ClusterObjects, ends: readonly string[], namespace?: string): string[] {
  const nodes = ends.map(end => {
    const {pod, node} = resolveEndpoint(end, {pods, nodes: known, namespace, sets: undefined})
    return pod?.spec?.nodeName ?? node
  })
  return [...new Set(nodes.filter(node => node !== undefined))]
}
