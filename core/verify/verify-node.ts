import {agreement} from '../agreement/agreement.ts'
import type {VerifiedPackets} from '../agreement/verified-packets.ts'
import type {IncompletePart, NodeFailure} from '../contract/common.ts'
import type {Counterexample, Undecided, Verification} from '../contract/verification.ts'
import {API_VERSION} from '../contract/version.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import {incompleteObjects, plainPart} from '../kubernetes/completeness.ts'
import {type ClusterObjects, objectKey} from '../kubernetes/objects.ts'
import {parseIpv4Block} from '../net/ipv4.ts'
import type {Packet} from '../net/packet.ts'
import {protocolName} from '../net/protocols.ts'
import type {EndClass} from '../packets/end-classes.ts'
import {UNNAMED_PROTOCOL} from '../packets/services.ts'
import {Evaluator} from '../policy/evaluate.ts'
import {eachNode} from '../problem/each-node.ts'
import {InputError} from '../problem/input-error.ts'
import type {Problem} from '../problem/problem.ts'
import {explainDisagreement} from '../trace/disagreement.ts'
import {
  type DisagreementGroup,
  decidingStep,
  type Expectation,
  groupDisagreements,
  isConfirmed,
  MOST_NAMED,
  serviceText,
} from './disagreement-groups.ts'
import {endName} from './end-names.ts'

/** Groups whose cause is searched for. */
const MOST_EXPLAINED = 8

/** The protocols of packets that can be traced. */
const TRACED: ReadonlySet<string> = new Set(['tcp', 'udp', 'sctp', 'icmp'])

export interface VerifyOptions {
  readonly against: Verification['against']
  /** So many kinds of senders times kinds of receivers are compared at most; what is left is told, and then nothing is proven. */
  readonly mostPairs?: number
}

/**
 * Proves that a node judges every packet of new connections that it forwards as its policies say, or gives counterexamples, grouped by
 * cause. Each has a packet whose walk confirms it.
 *
 * @param inputProblems of the input as a whole; they come before those of the dump
 * @throws InputError when the dump has no rules or no cluster objects
 */
export function verifyNode(
  node: NodeState,
  {against, ...limits}: VerifyOptions,
  inputProblems: readonly Problem[],
): Verification {
  const {cluster} = node
  const problems = [...inputProblems, ...node.problems]
  if (node.completeness.rules === 'absent') {
    // Where each pod has its own rules, what is lost says how to take them.
    const [lost] = node.judges ? node.completeness.ofRuleLists : []
    throw new InputError(
      `no rules of node ${node.node} are in the input`,
      lost?.next ?? 'Take them on the node: iptables-save -c > rules.txt; ipset save > sets.txt',
      problems,
    )
  }
  if (!cluster || cluster.pods.length === 0)
    throw new InputError(
      'no pods are known: what the policies ask for is unknown',
      'Give the cluster objects with --from: kubectl get pods,namespaces,networkpolicies,nodes -A -o json',
      problems,
    )
  const {program, notes} = programOf(node, cluster, against)
  const {packets, disagreements, doubts, left} = agreement(node, cluster, {...limits, ...(program && {program})})
  const expectation = program ? programmed(program) : meant(cluster, node)
  const groups = groupDisagreements(disagreements, node, expectation)
  const counterexamples = withCauses(
    groups.filter(group => group.effect !== 'unknown' && isConfirmed(group)),
    node,
    cluster,
  )
  const undecided = mergedUndecided(groups.filter(group => group.effect === 'unknown' || !isConfirmed(group)))
  // Where what should be rests on objects that were not given, it is undecided packet by packet.
  const missing = incompleteObjects(cluster)
  const objects = new Set(missing.map(({part}) => part))
  const incomplete = [
    // Packets between pods that were not given are compared with nothing.
    ...missing.filter(({kind}) => kind === 'pods').map(plainPart),
    ...node.completeness.parts.filter(({part}) => !objects.has(part)),
    ...notDivided(node),
    ...notCompared(left.receivers),
  ]
  const isProven = undecided.length === 0 && incomplete.length === 0
  return {
    apiVersion: API_VERSION,
    kind: 'Verification',
    node: node.node,
    release: node.release(),
    against,
    result: counterexamples.length > 0 ? 'counterexamples' : isProven ? 'proven' : 'unknown',
    domain: domainOf(node, packets),
    counterexamples,
    undecided,
    notes: [...notes, ...platformNotes(node)],
    incomplete,
    problems: [...problems, ...unsureProblems(node, doubts)],
  }
}

/**
 * Verifies nodes, each for itself.
 *
 * @returns what is known of each, and why nothing is known of the others
 * @throws InputError as `verifyNode`, when nothing is known of the only one
 */
export function verifyEach(
  nodes: readonly NodeState[],
  options: VerifyOptions,
): {readonly items: Verification[]; readonly failures: NodeFailure[]} {
  return eachNode(nodes, node => verifyNode(node, options, []))
}

function programOf(
  node: NodeState,
  cluster: ClusterObjects,
  against: Verification['against'],
): {readonly program?: NodeState; readonly notes: readonly string[]} {
  if (against === 'policies') return {notes: []}
  const {program, notes} = node.dataPlane.expectedProgram(node, cluster, {})
  return {program: node.dataPlane.foretell(program, {node: node.node, cluster}), notes}
}

const unsureProblems = ({node}: NodeState, doubts: ReadonlySet<string>): Problem[] =>
  [...doubts].map(doubt => ({
    code: 'UNSURE_VERDICT',
    message: `verdicts of node ${node} are not certain: ${doubt}`,
    next: 'Try such packets on the node before you rely on it.',
  }))

const platformNotes = ({platformDenials = []}: NodeState): string[] =>
  platformDenials.map(
    ({address, services}) =>
      `the platform keeps all pods from ${address} ${serviceText(services)} by a rule of its own, whatever policies say: that counts for right`,
  )

const notCompared = (receivers: number): IncompletePart[] =>
  receivers === 0
    ? []
    : [
        {
          part: `packets to ${counted(receivers, 'kind')} of ends`,
          state: 'cut',
          reason: 'there are too many kinds of pods to compare all of them here',
          next: 'Compare all packets on your own machine: kubectl npm verify.',
        },
      ]

/** Masks that are no prefixes: the addresses that they name are not brought into classes of their own. */
function notDivided(node: NodeState): IncompletePart[] {
  const masked = node.ruleBlocks().filter(block => !parseIpv4Block(block))
  const sets = [...(node.sets?.values() ?? [])].filter(({header}) => header.has('bitmask')).map(({name}) => `set ${name}`)
  return [...masked.map(block => `rules with ${block}`), ...sets].map(part => ({
    part,
    state: 'cut',
    reason: 'its mask is no prefix, so not all addresses that it names were compared',
    next: 'Ask trace about packets of such addresses.',
  }))
}

type Ends = {readonly sender: EndClass; readonly receiver: EndClass}

function meant(cluster: ClusterObjects, node: NodeState): (packet: Packet, ends: Ends) => Expectation {
  const evaluator = new Evaluator(cluster, node.judges)
  return (packet, {sender, receiver}) => {
    const {verdict, reason, ingress, egress} = evaluator.evaluate(packet, {
      source: sender.pods[0],
      destination: receiver.pods.at(-1),
    })
    return {verdict, reason, key: [ingress, egress].map(side => JSON.stringify(side.allowedBy ?? side.selecting)).join()}
  }
}

function programmed(program: NodeState): (packet: Packet) => Expectation {
  return packet => {
    const walk = program.walk(packet)
    return {verdict: walk.verdict, reason: program.describe(walk).reason, key: JSON.stringify(decidingStep(walk))}
  }
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

function domainOf({node, judges}: NodeState, {isOfNode, pods, nodes, blocks}: VerifiedPackets): Verification['domain'] {
  const of = isOfNode
    ? `from or to the pods of node ${node}`
    : 'from or to any pod, as the input does not tell which pods are on this node'
  const text =
    `all IPv4 packets of new connections that the node ${judges ? 'judges' : 'forwards'} ${of}: between ${counted(pods, 'pod')}, ${counted(nodes, 'other node')} and ` +
    `${counted(blocks, 'kind')} of other ` +
    'addresses (inside and outside of every block that rules, sets and policies name), of tcp, udp, sctp, icmp and other protocols, at ' +
    'every port. Packets to services count as packets to the pods behind them. Packets within a pod, between a pod and its own node, and of ' +
    `the node itself are not forwarded${judges ? '. At each end that is a pod of the node its policies are asked; the other end is for its own node to judge' : ''}`
  return {text, ofNode: isOfNode, pods, nodes, otherAddresses: blocks}
}

type Extent = Omit<Undecided, 'reason' | 'verdict'>

function extentOf({example, senders, receivers, services, pairs}: DisagreementGroup): Extent {
  const {packet, sender, receiver} = example
  const end = ({pods: [pod], node}: EndClass, address: string) => ({
    name: pod ? objectKey(pod) : node === undefined ? address : `node ${node}`,
    address,
    ...(pod && {pod: objectKey(pod)}),
  })
  const last = receiver.pods.at(-1)
  return {
    packet: {
      source: end(sender, packet.source),
      destination: end(last ? {...receiver, pods: [last]} : receiver, packet.destination),
      protocol: packet.protocol === (UNNAMED_PROTOCOL as string) ? 'other' : protocolName(packet.protocol),
      port: packet.port ?? null,
    },
    senders: namesOf(sender, senders),
    receivers: namesOf(last ? {...receiver, pods: [last]} : receiver, receivers),
    services: [...services],
    pairs,
  }
}

/** The end of the example comes first. */
const namesOf = (end: EndClass, others: ReadonlySet<string>): string[] =>
  [...new Set([endName(end), ...others])].slice(0, MOST_NAMED)

/** Finds causes, and joins groups that have the same one. */
function withCauses(groups: readonly DisagreementGroup[], node: NodeState, cluster: ClusterObjects): Counterexample[] {
  const found = new Map<string, Counterexample>()
  const explainers: Parameters<typeof explainDisagreement>[4] = new Map()
  for (const [at, group] of groups.entries()) {
    const {walk, expected, packet} = group.example
    const because = node.describe(walk).reason
    const {verdict} = expected
    const reasons =
      at < MOST_EXPLAINED && TRACED.has(packet.protocol)
        ? explainDisagreement(
            {verdict: walk.verdict, expected: {verdict, because: expected.reason}},
            packet,
            [node],
            cluster,
            explainers,
          )
        : []
    const cause = reasons.length > 0 ? reasons.join('; or ') : because
    const key = `${group.effect} ${cause}`
    const known = found.get(key)
    if (known) found.set(key, joined(known, extentOf(group)))
    else
      found.set(key, {
        effect: group.effect === 'open' ? 'open' : 'closed',
        cause,
        because,
        expected: expected.reason,
        ...extentOf(group),
      })
  }
  return [...found.values()].toSorted((a, b) => Number(a.effect === 'closed') - Number(b.effect === 'closed'))
}

function mergedUndecided(groups: readonly DisagreementGroup[]): Undecided[] {
  const found = new Map<string, Undecided>()
  for (const group of groups) {
    const {walk, expected, isWalkUnknown} = group.example
    const isUnsure = isWalkUnknown || walk.verdict === 'unknown'
    const reason = isUnsure ? (walk.reason ?? 'packets that stand for several ends are judged differently') : expected.reason
    const known = found.get(reason)
    if (known) found.set(reason, joined(known, extentOf(group)))
    else found.set(reason, {reason, verdict: walk.verdict, ...extentOf(group)})
  }
  return [...found.values()]
}

function joined<One extends Extent>(one: One, {senders, receivers, services, pairs}: Extent): One {
  const both = (first: readonly string[], second: readonly string[]) => [...new Set([...first, ...second])].slice(0, MOST_NAMED)
  return {
    ...one,
    senders: both(one.senders, senders),
    receivers: both(one.receivers, receivers),
    services: both(one.services, services),
    pairs: one.pairs + pairs,
  }
}
