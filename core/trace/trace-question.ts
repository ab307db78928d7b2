import type {Trace} from '../contract/trace.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import {incompleteProblems} from '../kubernetes/completeness.ts'
import {type ClusterObjects, emptyCluster} from '../kubernetes/objects.ts'
import {serviceOutside} from '../kubernetes/service-addresses.ts'
import type {Packet} from '../net/packet.ts'
import {Evaluator, type ExpectedVerdict, type MeantPods} from '../policy/evaluate.ts'
import {InputError} from '../problem/input-error.ts'
import type {Problem} from '../problem/problem.ts'
import {flagWords} from '../text/shell-word.ts'
import {deviationReasons, explainDisagreement} from './disagreement.ts'
import type {Endpoint} from './endpoints.ts'
import {type ForetoldPacket, foretellPacket, foretoldNodes} from './foretell-packet.ts'
import {networkProblems} from './network-model.ts'
import {type Route, routeOf} from './nodes.ts'
import {passageOf} from './passage.ts'
import {remediesOf} from './remedies.ts'
import {packetOf, type TraceQuestion, traceInside, traceNodes, tracePolicies} from './trace.ts'
import {unreadEnds} from './unjudged-end.ts'

/** What packets are traced over, for one or many of them. */
export class TraceInput {
  readonly dumps: readonly NodeState[]
  readonly cluster: ClusterObjects | undefined
  private evaluator: Evaluator | undefined

  constructor(dumps: readonly NodeState[]) {
    this.dumps = dumps
    this.cluster = dumps.find(({cluster}) => cluster)?.cluster
  }

  /** What the policies mean; of objects that were not given there are none. */
  get policies(): Evaluator {
    this.evaluator ??= new Evaluator(this.cluster ?? emptyCluster())
    return this.evaluator
  }
}

/**
 * Traces one packet between two ends that are known. It walks the rules of the nodes that the packet passes, or evaluates the policies
 * when no rules are known. If rules and policies disagree, it explains why.
 *
 * @param problems they come first in the trace's
 * @throws InputError when there are neither rules nor policies
 */
export function traceQuestion(input: TraceInput, question: TraceQuestion, problems: readonly Problem[]): Trace {
  const {dumps, cluster} = input
  const {source, destination} = question
  const general = [...problems, ...networkProblems(cluster, question)]
  // Behind a service the packet goes out and comes back.
  if (source.address === destination.address && !isHairpin(question)) return inside(question, input, general)
  const route = routeOf(dumps, source, destination)
  const isAnyKnown = cluster !== undefined || route.nodes.some(({completeness}) => completeness.rules !== 'absent')
  return route.nodes.length > 0 && isAnyKnown
    ? overNodes(question, route, input, general)
    : overPolicies(question, input, general)
}

/** A packet to the own address: no node sees it. */
function inside(question: TraceQuestion, {dumps, policies}: TraceInput, general: readonly Problem[]): Trace {
  const expected = policies.evaluate(packetOf(question), meantPods(question))
  const problems = [...general, ...new Set(dumps.flatMap(dump => dump.problems))]
  return {...traceInside(question, expected), disagreements: [], problems}
}

function overNodes(question: TraceQuestion, route: Route, input: TraceInput, problems: readonly Problem[]): Trace {
  const {cluster} = input
  const {ends, meaning, ...traced} = traceNodes(
    question,
    route,
    cluster && (packet => input.policies.evaluate(packet, meantPods(question))),
  )
  const packet = ends[0] ?? packetOf(question)
  const elsewhere = elsewhereProblems(question, route, cluster)
  const disagreements = explainDisagreement(traced, packet, route.nodes, cluster)
  const [unread, ...others] = traced.verdict === 'accept' ? unreadEnds(packet, route, cluster) : []
  return {
    ...traced,
    ...(unread && {
      verdict: 'unknown' as const,
      because: `${traced.because}; ${unread.reason}`,
      incomplete: [...traced.incomplete, unread, ...others],
    }),
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

function overPolicies(question: TraceQuestion, input: TraceInput, general: readonly Problem[]): Trace {
  const {dumps, cluster} = input
  const problems = [...general, ...new Set(dumps.flatMap(dump => dump.problems))]
  if (!cluster)
    throw new InputError(
      'nothing to trace over: neither rules nor policies were found',
      'Give a dump or cluster objects with --from.',
      problems,
    )
  const packet = packetOf(question)
  const expected = meaningOf(question, input)
  const traced = tracePolicies(question, expected)
  const dataPlane = dumps[0]?.dataPlane
  // What Azure NPM will do rests on the same objects. Packets between a pod and its node do not meet its rules.
  if (!dataPlane || expected.verdict === 'unknown' || (expected.exempt && !isHairpin(question)))
    return {...traced, disagreements: [], problems: [...problems, ...missingProblems(traced, cluster)]}
  const foretold = isHairpin(question)
    ? masqueraded(foretellPacket(cluster, dataPlane, packet))
    : foretellPacket(cluster, dataPlane, packet)
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

/** Whether a service leads back to the sender: the packet leaves the pod, and Azure NPM judges it. */
const isHairpin = ({source, destination, isTranslated}: TraceQuestion): boolean =>
  isTranslated === true && source.address === destination.address

/**
 * What is foretold of a packet that comes back to its pod by a service. kube-proxy marks it to be masqueraded, and accepts what is so marked:
 * before Azure NPM where its jump stands behind kube-proxy's, which objects do not tell.
 */
const masqueraded = (foretold: ForetoldPacket): ForetoldPacket =>
  foretold.verdict === 'accept' ? foretold : {...foretold, verdict: 'unknown', reason: MASQUERADED, trail: []}

const MASQUERADED =
  'Azure NPM has rules that drop it, and kube-proxy lets it pass before them where their jump stands behind its own'

function meaningOf(question: TraceQuestion, {policies}: TraceInput): ExpectedVerdict {
  const expected = policies.evaluate(packetOf(question), meantPods(question))
  return isHairpin(question)
    ? {...expected, reason: 'the service leads back to the pod, which cannot block access to itself'}
    : expected
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
      next: `Give the node that the packet passes: ${flagWords('--node', wanted[0]?.node ?? 'NODE')}, or its dump with --from.`,
    },
  ]
}

/**
 * What happens to packets of one question to each port: a text that is equal where all is equal that a trace says, but for the port.
 *
 * @param route of these packets
 */
export function outcomesOf(input: TraceInput, question: TraceQuestion, route: Route): (port: number) => string {
  const {cluster} = input
  const packet = packetOf(question)
  const serviceOf = (port: number) =>
    cluster && serviceOutside(cluster, question.destination.address, question.protocol, port)?.service
  const isWalked = route.nodes.some(({completeness}) => completeness.rules !== 'absent')
  const dataPlane = input.dumps[0]?.dataPlane
  const foretold = !isWalked && cluster && dataPlane ? foretoldNodes(cluster, dataPlane, packet) : []
  const meanings = cluster && ((to: Packet) => input.policies.evaluate(to, meantPods(question)))
  return port => {
    const asked = {...packet, port}
    const passage = isWalked ? passageOf(asked, route) : undefined
    // A port that stays as it is tells nothing.
    const placeOf = ({destination, port: at}: Packet) => `${destination}:${at === port ? '' : at}`
    const passed = passage?.legs.map(({walk}) => walk) ?? foretold.map(node => node.walk(asked))
    const walks = passed.map(({verdict, trail, reason}) => [verdict, reason, trail.map(placeOfStep)])
    const meant = (passage?.ends ?? [asked]).map(end => {
      const meaning = meanings?.(end)
      return [placeOf(end), meaning?.verdict, meaning?.reason]
    })
    return JSON.stringify([passage?.verdict, passage?.reason, walks, meant, serviceOf(port)?.metadata])
  }
}

/** Where a rule of whatever data plane stands, without the rule. */
const placeOfStep = (step: object): string =>
  Object.values(step)
    .filter(value => typeof value !== 'object')
    .join(' ')
