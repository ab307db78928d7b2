import type {IncompletePart, NodeFailure, NodeReleases} from '../contract/common.ts'
import type {PolicyList} from '../contract/policies.ts'
import {API_VERSION} from '../contract/version.ts'
import {plainPart} from '../kubernetes/completeness.ts'
import {type ClusterObjects, emptyCluster} from '../kubernetes/objects.ts'
import type {Direction} from '../names/kernel-name.ts'
import {findDeviations} from '../policy/deviations.ts'
import type {Problem} from '../problem/problem.ts'
import type {ComparedNode} from './compare-nodes.ts'
import {countFound} from './found-policies.ts'
import {type NodeView, sayFindings} from './node-findings.ts'
import {type PolicyRow, PolicyRows} from './policy-rows.ts'
import {Selection} from './selection.ts'

const NO_POLICIES = 'the input holds no NetworkPolicies: what is asked for is not known'

/** Which policies are listed. */
export interface PolicyFilter {
  /** Those of any of these. */
  readonly namespaces?: readonly string[]
  /** Whether an object is wanted, by its labels. Rules without an object are not, where it is asked. */
  readonly selects?: (labels: Readonly<Record<string, string>>) => boolean
}

/**
 * Lists policies and directions over all nodes that were read, each with what it counts and how far it is in force. What is said
 * of it is what the comparison of each node finds, so a policy is in force exactly where that finds nothing.
 *
 * @param cluster the objects that are asked for; those of the first node that has any
 * @param nodes come one by one, and are not kept
 * @param failures nodes that could not be read
 */
export function listPolicies(
  cluster: ClusterObjects | undefined,
  nodes: Iterable<ComparedNode>,
  {
    failures,
    problems,
    filter = {},
  }: {readonly failures: readonly NodeFailure[]; readonly problems: readonly Problem[]; readonly filter?: PolicyFilter},
): PolicyList {
  const objects = cluster ?? emptyCluster()
  const rows = new PolicyRows(objects.policies)
  const selection = new Selection(objects)
  const unknown = new Map<string, string>()
  const others: PolicyList['others'] = []
  const parts = new Map<string, IncompletePart>()
  const names: string[] = []
  const releases: NodeReleases = []
  let isCounted = true
  let departing: NodeView['departing'] | undefined
  for (const {state, drift} of nodes) {
    const {node, dataPlane} = state
    names.push(node)
    releases.push({node, ...state.release()})
    const isWhole = state.completeness.rules === 'whole' && state.translation().facts.incomplete.length === 0
    const withUsers = drift?.items.some(({kind}) => kind === 'set' || kind === 'member') === true
    const found = countFound(state, rows, {isWhole, withUsers})
    isCounted &&= isWhole
    const reason = drift
      ? (drift.incomplete[0]?.reason ?? (isWhole ? undefined : state.completeness.parts[0]?.reason))
      : NO_POLICIES
    if (reason !== undefined) unknown.set(node, reason)
    for (const part of [...(drift?.incomplete ?? []), ...state.translation().facts.incomplete])
      parts.set(part.part, plainPart(part))
    if (!drift) continue
    departing ??= departures(objects, state)
    const view: NodeView = {
      rows,
      found,
      chains: dataPlane.policyChains,
      selecting: pod => selection.selecting(pod),
      departing,
    }
    for (const {text, isUncertain} of sayFindings({...drift, node}, view)) {
      if (isUncertain) unknown.set(node, text)
      else others.push({node, text})
    }
  }
  for (const [node, text] of unknown) for (const row of rows.all) if (!row.isSaidOf(node)) row.say(node, {state: 'unknown', text})
  const {namespaces, selects} = filter
  const isWanted = ({policy, object, isTold}: PolicyRow): boolean =>
    isTold &&
    (namespaces === undefined || namespaces.some(each => policy.startsWith(`${each}/`))) &&
    (selects === undefined || (object !== undefined && selects(object.metadata.labels ?? {})))
  const wanted = [...rows.all].filter(isWanted).toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  const isAll = namespaces === undefined && selects === undefined
  return {
    apiVersion: API_VERSION,
    kind: 'PolicyList',
    items: wanted.map(row => row.item(names, row.object && cluster ? selection.count(row.object) : null, isCounted)),
    // They concern none of the policies that are asked for.
    others: isAll ? others : [],
    nodes: names.toSorted(),
    releases: releases.toSorted((a, b) => (a.node < b.node ? -1 : 1)),
    failures: failures.toSorted((a, b) => (a.node < b.node ? -1 : 1)),
    incomplete: [...parts.values()],
    problems: [...problems],
  }
}

/** By namespace and name; ingress before egress, as translations have them. */
const keyOf = ({policy, direction}: PolicyRow): string => `${policy.replace('/', '\0')}\0${direction === 'Ingress' ? 0 : 1}`

/** In which directions policies mean something else, by the fields that do. */
function departures(cluster: ClusterObjects, {dataPlane}: ComparedNode['state']): NodeView['departing'] {
  const found = new Map<string, Set<Direction>>()
  for (const {code, places} of findDeviations(cluster, dataPlane.policyCompiler, 'sha256', []))
    for (const {object, field} of places) {
      const key = `${code} ${object}`
      const direction = field.startsWith('spec.egress') ? 'Egress' : field.startsWith('spec.ingress') ? 'Ingress' : undefined
      if (direction) found.set(key, (found.get(key) ?? new Set()).add(direction))
    }
  return (code, policy) => {
    const directions = found.get(`${code} ${policy}`)
    return directions && [...directions]
  }
}
