import type {Drift} from '../contract/drift.ts'
import type {MetricFamily, MetricSample, MetricSource, Metrics} from '../contract/metrics.ts'
import {API_VERSION} from '../contract/version.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import {diffNode} from '../drift/diff-node.ts'
import {incompleteObjects, plainPart} from '../kubernetes/completeness.ts'
import type {Problem} from '../problem/problem.ts'
import {agentFamilies} from './agent-families.ts'
import {type AgentFacts, agentValues} from './agent-values.ts'
import {countNode, type NodeCounts, type PolicyCounter} from './count-node.ts'
import {kernelValues, plainSample, podsWatched} from './kernel-values.ts'
import {familyOf} from './metric-family.ts'
import {type FamilyFacts, type NpmFamily, npmFamilies} from './npm-families.ts'
import {ownFamilies} from './own-families.ts'
import {ownValues} from './own-values.ts'
import {parsePage} from './parse-page.ts'
import {inSeconds} from './relayed-seconds.ts'

export interface MetricsOptions {
  /** Whether Azure NPM is NPM Lite, which watches the pods of its node only. */
  readonly isLite: boolean
  /** Whether each set has a series. A large cluster has thousands. */
  readonly hasSetCounts: boolean
  /** Whether the node is compared with its policies, where these are given. It is what takes longest. */
  readonly isCompared: boolean
  /** Of an agent, which compares the node now and then, and counts sets without reading their members. */
  readonly agent?: {
    readonly facts: AgentFacts
    /** The last comparison, in place of one that is made now. */
    readonly compared?: Compared
    /** What rules have counted since the agent looks, in place of what the kernel has now. */
    readonly counters?: readonly PolicyCounter[]
  }
}

/** What a comparison of the whole node with its policies has found. */
export interface Compared {
  readonly drift: Drift
  readonly leakedReferences: NodeCounts['leakedReferences']
}

/**
 * The metrics of one node: Azure NPM's and our own. A value that rules and sets show is taken from them, any other one from Azure NPM's
 * page as it is; what neither has is in `absent`.
 *
 * @param inputProblems of the input as a whole; they come before those of the node
 */
export function nodeMetrics(node: NodeState, options: MetricsOptions, inputProblems: readonly Problem[]): Metrics {
  const counts = countNode(node)
  const pages = (node.metricPages ?? []).map(({text, file}) => parsePage(text, file))
  const shown = kernelValues(node, counts, options.hasSetCounts)
  const {agent} = options
  const compared = agent ? agent.compared : {drift: options.isCompared ? compare(node, options) : undefined, ...counts}
  const counted = agent?.counters ? {...counts, counters: agent.counters} : counts
  const own = new Map([...ownValues(node, counted, compared, agent !== undefined), ...inSeconds(pages)])
  const families: MetricFamily[] = []
  const absent: {name: string; reason: string}[] = []
  const give = (facts: FamilyFacts, source: MetricSource, samples: readonly MetricSample[]): void => {
    families.push(familyOf(facts, source, samples))
  }
  for (const family of npmFamilies) {
    if (family.os !== 'both' && family.os !== node.dataPlane.name) continue
    const relayed = pages.find(({samples}) => samples.has(family.name))?.samples.get(family.name)
    const known = shown.get(family.name)
    const isOff = family.name === 'npm_ipset_counts' && !options.hasSetCounts
    // Tracked pods are no part of the kernel. Azure NPM's page knows better, and a page without them is of a release that does not count.
    const pods = family.name === 'npm_pods_watched' && !hasPage(pages, family) ? podsWatched(node, options.isLite) : undefined
    if (isOff) absent.push({name: family.name, reason: 'switched off by --no-ipset-counts'})
    else if (known) give(family, 'kernel', known)
    else if (relayed) give(family, 'npm', relayed)
    else if (pods !== undefined) give(family, 'objects', [plainSample(family.name, pods)])
    else absent.push({name: family.name, reason: reasonOf(family, hasPage(pages, family))})
  }
  for (const family of Object.values(ownFamilies)) {
    const samples = own.get(family.name)
    if (samples) give(family, family.source, samples)
    else absent.push({name: family.name, reason: `no value ${family.absence}`})
  }
  const ofAgent = agent ? agentValues(agent.facts) : undefined
  for (const family of ofAgent ? Object.values(agentFamilies) : []) {
    const samples = ofAgent?.get(family.name)
    if (samples) give(family, family.source, samples)
    else absent.push({name: family.name, reason: `no value ${family.absence}`})
  }
  return {
    apiVersion: API_VERSION,
    kind: 'Metrics',
    node: node.node,
    families: families.toSorted(byName),
    absent: absent.toSorted(byName),
    incomplete: node.completeness.parts.map(plainPart),
    problems: [...inputProblems, ...node.translation().facts.problems, ...pages.flatMap(({problems}) => problems)],
  }
}

type Pages = readonly ReturnType<typeof parsePage>[]

/** Whether the page is given that would have a metric: one that has another metric of that page. */
function hasPage(pages: Pages, {page}: NpmFamily): boolean {
  return pages.some(({samples}) => npmFamilies.some(each => each.page === page && samples.has(each.name)))
}

const reasonOf = ({page, absence, source}: NpmFamily, isGiven: boolean): string =>
  source === 'npm' && isGiven
    ? `not on Azure NPM's page /${page}-metrics: not used yet, or its release does not have it`
    : `no value ${absence}${isGiven ? '' : `; /${page}-metrics is not given`}`

/** The comparison with the policies; undefined when they, or what they select, are not all given. */
function compare(node: NodeState, {isLite}: MetricsOptions): ReturnType<typeof diffNode> | undefined {
  const {cluster} = node
  if (!cluster || cluster.pods.length + cluster.policies.length + cluster.namespaces.length === 0) return undefined
  if (incompleteObjects(cluster).some(({kind}) => kind !== 'nodes')) return undefined
  return diffNode(node, {isLite}, [])
}

const byName = (a: {readonly name: string}, b: {readonly name: string}): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0
