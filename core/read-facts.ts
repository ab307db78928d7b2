import type {NodeFacts} from './dataplane/node-facts.ts'
import type {NodeSets} from './sets/node-set.ts'

/** What was read of a node, kept by the node that was opened from it: whatever its data plane, absent where it was not read. */
export abstract class ReadFacts implements NodeFacts, NodeSets {
  readonly node: string
  readonly dumpId?: string
  readonly takenAt?: string
  readonly cache?: NodeFacts['cache'] & {}
  readonly metricNames: NodeFacts['metricNames']
  readonly cluster?: NodeFacts['cluster'] & {}
  readonly connections?: NodeFacts['connections'] & {}
  readonly metricPages?: NodeFacts['metricPages'] & {}
  readonly problems: NodeFacts['problems']
  readonly isForetold?: true
  readonly hasMembers: boolean

  constructor(read: NodeFacts & NodeSets) {
    const {node, dumpId, takenAt, cache, metricNames, cluster, connections, metricPages, problems, isForetold, hasMembers} = read
    this.node = node
    this.metricNames = metricNames
    this.problems = problems
    this.hasMembers = hasMembers
    if (dumpId !== undefined) this.dumpId = dumpId
    if (takenAt !== undefined) this.takenAt = takenAt
    if (cache) this.cache = cache
    if (cluster) this.cluster = cluster
    if (connections) this.connections = connections
    if (metricPages) this.metricPages = metricPages
    if (isForetold) this.isForetold = isForetold
  }
}
