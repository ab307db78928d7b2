import type {MetricSample} from '../contract/metrics.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import {incompleteObjects} from '../kubernetes/completeness.ts'
import {hasPolicyAddress, isBehindIpv6} from '../kubernetes/pod-filter.ts'
import type {NodeCounts} from './count-node.ts'

/** Rules that Azure NPM counts for its base chains once it has booted. The kernel has one less since 1.4.24. Source: Azure NPM, policies. */
const BASE_RULES = 11

/** A family's series, and that the value is known: an empty list for a family without any. */
export type KnownSamples = ReadonlyMap<string, readonly MetricSample[]>

export const plainSample = (name: string, value: number): MetricSample => ({name, labels: {}, value})

/** Values of Azure NPM's metrics that rules and sets show. What they do not show is not in the map. */
export function kernelValues(node: NodeState, counts: NodeCounts, hasSetCounts: boolean): KnownSamples {
  const known = new Map<string, readonly MetricSample[]>()
  const gauge = (name: string, value: number): unknown => known.set(name, [plainSample(name, value)])
  const {generation} = node.translation().facts
  if (node.completeness.rules === 'whole' && (generation === 'v2' || generation === 'absent')) {
    if (counts.policies !== undefined) gauge('npm_num_policies', counts.policies)
    gauge('npm_num_iptables_rules', generation === 'absent' ? 0 : BASE_RULES + counts.rules)
  }
  // What NPM v1 counted is not known. Of a save of sets, which has no end, the missing end alone says nothing.
  const areSetsKnown = node.sets !== undefined && node.completeness.ofSets.every(({isOpen, areCounted}) => isOpen || areCounted)
  if (!areSetsKnown || generation === 'v1' || generation === 'mixed') return known
  gauge('npm_num_ipsets', counts.sets.length)
  if (counts.sets.some(({members}) => members === undefined)) return known
  gauge(
    'npm_num_ipset_entries',
    counts.sets.reduce((sum, {members = 0}) => sum + members, 0),
  )
  if (hasSetCounts)
    known.set(
      'npm_ipset_counts',
      counts.sets.flatMap(({set, name, members = 0}) =>
        members === 0 ? [] : [{name: 'npm_ipset_counts', labels: {set_hash: set, set_name: name}, value: members}],
      ),
    )
  return known
}

/**
 * Pods that Azure NPM tracks, by the cluster's objects; undefined when not all Pods are given, and where no NPM v2 has programmed
 * the node: who does not run tracks nothing, and NPM v1 did not count.
 *
 * @param isLite whether it tracks the pods of its own node only
 */
export function podsWatched(state: NodeState, isLite: boolean): number | undefined {
  const {cluster, node} = state
  if (state.translation().facts.generation !== 'v2') return undefined
  if (!cluster || incompleteObjects(cluster).some(({kind}) => kind === 'pods')) return undefined
  return cluster.pods.filter(pod => hasPolicyAddress(pod) && !isBehindIpv6(pod) && (!isLite || pod.spec?.nodeName === node))
    .length
}
