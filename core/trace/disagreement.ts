import type {Trace} from '../contract/trace.ts'
import type {DataPlane, NodeState} from '../dataplane/dataplane.ts'
import {PacketExplainer} from '../drift/explain-packet.ts'
import {type ClusterObjects, objectKey, type Pod} from '../kubernetes/objects.ts'
import {policyIp} from '../kubernetes/pod-filter.ts'
import type {Packet} from '../net/packet.ts'
import {findDeviations} from '../policy/deviations.ts'
import {Evaluator} from '../policy/evaluate.ts'
import type {CompileOptions} from '../policy/program.ts'

/** A broken node has thousands of differences. The first few that explain this packet are enough. */
const MOST_REASONS = 5

/**
 * Finds likely reasons why the verdict of the rules differs from that of the policies: what is wrong with a node and
 * changes this packet's verdict, or a known deviation of Azure NPM in the program.
 *
 * @param packet after service translation, as rules and policies see it
 * @param explainers of nodes that were asked about other packets; new ones are added
 * @returns reasons in words; empty when the verdicts agree, or when one is unknown
 */
export function explainDisagreement(
  {verdict, expected}: Pick<Trace, 'verdict' | 'expected'>,
  packet: Packet,
  nodes: readonly NodeState[],
  cluster: ClusterObjects | undefined,
  explainers = new Map<NodeState, PacketExplainer>(),
): string[] {
  if (!expected || !cluster || verdict === expected.verdict) return []
  if (verdict === 'unknown' || expected.verdict === 'unknown') return []
  const reasons: string[] = []
  for (const node of nodes) {
    if (node.judges && new Evaluator(cluster, node.judges).evaluate(packet).verdict === node.walk(packet).verdict) continue
    const {generation} = node.translation().facts
    if (generation !== 'v1' && generation !== 'v2') continue
    const explainer = explainers.get(node) ?? new PacketExplainer(cluster, node)
    explainers.set(node, explainer)
    const {program, causes, repaired, isTogether} = explainer.explain(packet)
    if (repaired === verdict) reasons.push(...deviationReasons(cluster, packet, program.options, node.dataPlane))
    const also = isTogether ? ' (only together with the other reasons)' : ''
    for (const {text} of causes.slice(0, MOST_REASONS)) reasons.push(`node ${node.node}: ${text}${also}`)
  }
  if (packet.mark !== undefined && packet.mark !== 0)
    reasons.push(`the packet carries mark 0x${packet.mark.toString(16)}, which other rules of the node act on`)
  return [...new Set(reasons)]
}

function isAtEnd(pod: Pod, {source, destination}: Packet): boolean {
  const ip = policyIp(pod)
  return ip === source || ip === destination
}

/** Reasons when Azure NPM's own program gives this verdict: deviations from the API in the policies that select an end. */
export function deviationReasons(
  cluster: ClusterObjects,
  packet: Packet,
  {scheme, generation}: CompileOptions,
  {policyCompiler, name}: DataPlane,
): string[] {
  const byItself = 'the node is as Azure NPM programs it, which here is not what the NetworkPolicy API means'
  // `findDeviations` covers the second generation only.
  if (generation === 'v1') return [byItself]
  const {ingress, egress} = new Evaluator(cluster).evaluate(packet)
  const concerned = new Set([...ingress.selecting, ...egress.selecting])
  const ends = new Set(cluster.pods.filter(pod => isAtEnd(pod, packet)).map(objectKey))
  const shared = [packet.source, packet.destination].flatMap(address => {
    const its = cluster.pods.filter(pod => policyIp(pod) === address).map(objectKey)
    return its.length > 1 ? [`${its.join(', ')} have one address, ${address}, and the rules for each hold for all of them`] : []
  })
  const {refusals} = policyCompiler.compileSets({...cluster, pods: []}, {scheme, semantics: 'npm'})
  const deviations = findDeviations(cluster, policyCompiler, scheme)
  const system = name.charAt(0).toUpperCase() + name.slice(1)
  const told = new Set(deviations.flatMap(({places}) => places.map(({object}) => object)))
  const refused = refusals
    .filter(({policy}) => concerned.has(policy) && !told.has(policy))
    .map(
      ({policy, field, reason, consequence}) =>
        `Azure NPM on ${system} and policy ${policy}, ${field}: ${reason}. ${consequence}`,
    )
  const known = deviations.flatMap(({code, sentence, places}) => {
    const objects = new Set(
      places
        .filter(({kind, object}) => kind === 'Namespace' || concerned.has(object) || ends.has(object))
        .map(({object}) => object),
    )
    return objects.size === 0 ? [] : [`a known fault of Azure NPM (${code}) in ${[...objects].join(', ')}: ${sentence}`]
  })
  const reasons = [...shared, ...known, ...refused]
  return reasons.length > 0 ? reasons : [byItself]
}
