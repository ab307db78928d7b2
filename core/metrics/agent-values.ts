import type {AgentStatus, SyncState} from '../contract/agent.ts'
import type {MetricFamily, MetricSample} from '../contract/metrics.ts'
import type {Verification} from '../contract/verification.ts'
import {agentFamilies} from './agent-families.ts'
import type {KnownSamples} from './kernel-values.ts'
import {familyOf} from './metric-family.ts'
import type {FamilyFacts} from './npm-families.ts'

const verifyResults: readonly Verification['result'][] = ['proven', 'counterexamples', 'unknown']

/** What a running agent tells of itself. Times are in seconds; counts are since it started. */
export interface AgentFacts {
  readonly version: string
  readonly backend: AgentStatus['backend']
  readonly knowledge: {readonly state: SyncState['state']; readonly age?: number}
  readonly comparison?: {readonly age: number; readonly duration: number}
  readonly comparisons: {readonly done: number; readonly failed: number}
  readonly verification?: {
    readonly age: number
    readonly result: Verification['result']
    readonly open: number
    readonly closed: number
  }
  readonly readAge: number
  readonly reads: {readonly count: number; readonly duration: number; readonly failed: number}
  readonly hasNpmPages: boolean
  /** By verb and outcome. Undefined where the agent does not write. */
  readonly writes?: readonly {readonly verb: string; readonly outcome: string; readonly count: number}[]
  /** What was counted for the node as a whole since the agent looks; undefined before it has read counters. */
  readonly counted?: {readonly newConnections: number; readonly drops: number; readonly dropBytes: number}
  readonly clients: number
  readonly subscriptions: number
  readonly scrapes: {readonly answered: number; readonly refused: number}
  readonly memoryBytes: number
  readonly processor: number
}

/** The series of an agent's own metrics. What is not known is not in the map. */
export function agentValues(facts: AgentFacts): KnownSamples {
  const known = new Map<string, readonly MetricSample[]>()
  const give = ({name}: FamilyFacts, ...samples: readonly (readonly [MetricSample['labels'], number])[]): unknown =>
    known.set(
      name,
      samples.map(([labels, value]) => ({name, labels, value})),
    )
  const plain = (family: FamilyFacts, value: number | undefined): unknown => value !== undefined && give(family, [{}, value])
  const {version, backend, knowledge, comparison, comparisons, verification, reads, writes, scrapes} = facts
  give(agentFamilies.info, [{backend, version}, 1])
  plain(agentFamilies.comparisonAge, comparison?.age)
  plain(agentFamilies.comparisonDuration, comparison?.duration)
  give(agentFamilies.comparisons, [{result: 'done'}, comparisons.done], [{result: 'failed'}, comparisons.failed])
  if (verification) {
    const {result, open, closed, age} = verification
    give(agentFamilies.verified, ...verifyResults.map(each => [{result: each}, Number(each === result)] as const))
    give(agentFamilies.counterexamples, [{effect: 'open'}, open], [{effect: 'closed'}, closed])
    plain(agentFamilies.verifyAge, age)
  }
  plain(agentFamilies.live, Number(knowledge.state === 'live'))
  plain(agentFamilies.knowledgeAge, knowledge.age)
  plain(agentFamilies.readAge, facts.readAge)
  const {name} = agentFamilies.readDuration
  known.set(name, [
    {name: `${name}_sum`, labels: {}, value: reads.duration},
    {name: `${name}_count`, labels: {}, value: reads.count},
  ])
  plain(agentFamilies.readFailures, reads.failed)
  plain(agentFamilies.pages, Number(facts.hasNpmPages))
  if (writes) give(agentFamilies.writes, ...writes.map(({verb, outcome, count}) => [{outcome, verb}, count] as const))
  plain(agentFamilies.newConnections, facts.counted?.newConnections)
  plain(agentFamilies.drops, facts.counted?.drops)
  plain(agentFamilies.dropBytes, facts.counted?.dropBytes)
  plain(agentFamilies.clients, facts.clients)
  plain(agentFamilies.subscriptions, facts.subscriptions)
  give(agentFamilies.scrapes, [{result: 'answered'}, scrapes.answered], [{result: 'refused'}, scrapes.refused])
  plain(agentFamilies.memory, facts.memoryBytes)
  plain(agentFamilies.processor, facts.processor)
  return known
}

/** The families of an agent that could not read its node. */
export function agentMetricFamilies(facts: AgentFacts): MetricFamily[] {
  const known = agentValues(facts)
  const families = Object.values<FamilyFacts>(agentFamilies).flatMap(family => {
    const samples = known.get(family.name)
    return samples ? [familyOf(family, family.source, samples)] : []
  })
  return families.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}
