import type {LiveSample} from '../contract/live.ts'
import {API_VERSION} from '../contract/version.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import {npmOnNode} from '../kubernetes/npm-pod.ts'
import {parsePage} from '../metrics/parse-page.ts'
import {isSetName} from '../names/kernel-name.ts'
import {countsSince} from './live-counts.ts'
import type {LiveNodeOptions} from './live-node.ts'
import {npmSummary} from './npm-summary.ts'
import {structureDigest} from './structure-digest.ts'
import {kernelSummary} from './summary.ts'

/** What was counted on a node when it was read: the one sample of a node of a dump. */
export function nodeSample(node: NodeState, {at, sha256}: LiveNodeOptions): LiveSample {
  const {counters} = node.counters()
  const found = [...(node.sets?.values() ?? [])].filter(({name}) => isSetName(name))
  const sets = new Map(
    found.map(({name, members, entries}) => [name, node.hasMembers ? members.length : (entries ?? null)] as const),
  )
  const counted = {counters, sets}
  const page = node.metricPages?.map(({text, file}) => parsePage(text, file)).find(({samples}) => samples.size > 0)
  const isKnown = node.completeness.rules === 'whole'
  const summary = kernelSummary(counted)
  return {
    apiVersion: API_VERSION,
    kind: 'LiveSample',
    node: node.node,
    at,
    structure: structureDigest(counters.structure, sha256),
    summary: {
      ...summary,
      // What is missing from a cut save may be what would tell.
      policies: isKnown ? summary.policies : null,
      active: node.translation().facts.active,
      connections: null,
      differences: null,
      npm: npmSummary(npmOnNode(node.cluster?.pods ?? [], node.node), page?.samples, counters.structure),
    },
    counts: countsSince(undefined, counted),
    readMs: 0,
    intervalMs: 0,
    skipped: 0,
  }
}
