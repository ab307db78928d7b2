import type {DriftItem} from '../contract/drift.ts'
import type {Trace} from '../contract/trace.ts'
import type {DataPlane, NodeState} from '../dataplane/dataplane.ts'
import {openComparison} from '../drift/compare-node.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import type {Packet} from '../net/packet.ts'
import {findDeviations} from '../policy/deviations.ts'
import {Evaluator} from '../policy/evaluate.ts'
import type {CompileOptions} from '../policy/program.ts'

/** A broken node has thousands of differences. The first few that explain this packet are enough. */
const MOST_REASONS = 5

/**
 * Finds likely reasons why the verdict of the rules differs from that of the policies: a difference between program and node that
 * by itself changes this packet's verdict, or a known deviation of Azure NPM in the program.
 *
 * @param packet after service translation, as rules and policies see it
 * @returns reasons in words; empty when the verdicts agree, or when one is unknown
 */
export function explainDisagreement(
  {verdict, expected}: Pick<Trace, 'verdict' | 'expected'>,
  packet: Packet,
  nodes: readonly NodeState[],
  cluster: ClusterObjects | undefined,
): string[] {
  if (!expected || !cluster || verdict === expected.verdict) return []
  if (verdict === 'unknown' || expected.verdict === 'unknown') return []
  const reasons: string[] = []
  for (const node of nodes) {
    const {generation} = node.translation().facts
    if (generation !== 'v1' && generation !== 'v2') continue
    const {program, differences, describe, effects} = openComparison(cluster, node)
    if (effects.before(packet) === verdict) reasons.push(...deviationReasons(cluster, packet, program.options, node.dataPlane))
    else
      for (const difference of differences)
        if (reasons.length < MOST_REASONS && effects.after(difference, packet) === verdict)
          reasons.push(`node ${node.node}: ${itemText(describe(difference))}`)
  }
  if (packet.mark !== undefined && packet.mark !== 0)
    reasons.push(`the packet carries mark 0x${packet.mark.toString(16)}, which other rules of the node act on`)
  return [...new Set(reasons)]
}

function itemText({kind, change, name, expected, found, policy}: Omit<DriftItem, 'effect'>): string {
  const of = policy === undefined ? '' : ` of policy ${policy}`
  if (kind === 'member')
    return change === 'extra' ? `set ${name} holds ${found}, which it should not` : `set ${name} lacks ${expected}`
  if (change === 'missing') return `${kind} missing in ${name}${of}: ${expected}`
  return `${kind} ${change} in ${name}${of}: ${found ?? ''}`
}

/** Reasons when Azure NPM's own program gives this verdict: deviations from the API in the policies that select an end. */
function deviationReasons(
  cluster: ClusterObjects,
  packet: Packet,
  {scheme, generation}: CompileOptions,
  {policyCompiler}: DataPlane,
): string[] {
  const byItself = 'the node is as Azure NPM programs it, which here is not what the NetworkPolicy API means'
  // `findDeviations` covers the second generation only.
  if (generation === 'v1') return [byItself]
  const {ingress, egress} = new Evaluator(cluster).evaluate(packet)
  const concerned = new Set([...ingress.selecting, ...egress.selecting])
  const known = findDeviations(cluster, policyCompiler.compile, scheme).flatMap(({code, sentence, places}) => {
    const objects = new Set(
      places.filter(({kind, object}) => kind === 'Namespace' || concerned.has(object)).map(({object}) => object),
    )
    return objects.size === 0 ? [] : [`a known fault of Azure NPM (${code}) in ${[...objects].join(', ')}: ${sentence}`]
  })
  return known.length > 0 ? known : [byItself]
}
