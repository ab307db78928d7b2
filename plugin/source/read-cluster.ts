import type {NodeFailure} from '../../core/contract/common.ts'
import {documentRow, documentsFor, type NodeDocument} from '../../core/contract/node-documents.ts'
import type {NodeState} from '../../core/dataplane/dataplane.ts'
import {readDump} from '../../core/dump/read-dump.ts'
import type {ClusterObjects} from '../../core/kubernetes/objects.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {Problem} from '../../core/problem/problem.ts'
import type {AgentConnection} from '../agents/agent-connection.ts'
import type {NodeChoice, RelayPod} from '../agents/agents.ts'
import {type Cluster, openCluster} from '../agents/cluster.ts'
import {eachNode, type Waiting} from '../agents/each-node.ts'
import {engineProblems} from '../agents/policy-engine.ts'
import {readNode} from '../agents/read-snapshot.ts'
import {InputBudget} from '../bytes/input-budget.ts'
import {computeWhileHeld} from '../cleanup/interruption.ts'
import type {ClusterFlags} from '../kubernetes/flags.ts'
import {type NamedService, readServices} from './read-services.ts'
import {requireRead} from './unread-node.ts'

/** What answers are found from. Logs and counts are for dumps. */
const RULES = documentsFor('rules', 'names')
const OBJECTS = documentsFor('objects')
const FLOWS = documentsFor('flows')

/** Dumps are large; so many at once keep a line and a processor busy. */
const READ_AT_ONCE = 8

/**
 * Which nodes a verb needs, of those that the flags choose: the only one there is, all of them, each that can be read, or those that
 * it finds out from the cluster objects. Of the latter a name that no agent has is an error; no names at all mean that one node must be
 * chosen.
 */
export type Wanted = 'one' | 'all' | 'each' | ((cluster: ClusterObjects) => readonly string[])

/** What is read of a cluster besides rules and objects. */
export interface Further {
  /** The nodes' connections, which agents tell operators only. */
  readonly withConnections?: boolean
  /** Services that the command line names; agents do not know them. */
  readonly services?: readonly NamedService[] | 'all' | undefined
}

export interface ClusterReading {
  readonly dumps: readonly NodeState[]
  readonly problems: readonly Problem[]
  /** Nodes that could not be read, where each was wanted that can be. */
  readonly failures: readonly NodeFailure[]
}

/**
 * Reads nodes of a cluster through their agents. Cluster objects come from one of them.
 *
 * @throws InputError when a node that is needed cannot be read, as a part of the answer could be a wrong one; and when none can be
 */
export async function readCluster(
  flags: ClusterFlags & NodeChoice,
  waiting: Waiting,
  wanted: Wanted,
  {withConnections = false, services}: Further = {},
): Promise<ClusterReading> {
  const {signal} = waiting
  const rules = withConnections ? [...RULES, ...FLOWS] : RULES
  await using cluster = await openCluster(flags, signal)
  const budget = new InputBudget('agents')
  const served = services && (await readServices(cluster.api, services, signal))
  const withServices = (objects: ClusterObjects): ClusterObjects => ({...objects, ...served?.objects})
  const general = [...engineProblems(cluster.engine), ...(served?.problems ?? [])]
  // One connection is enough where there is one node.
  const isOnly = wanted === 'each' && namesOf(cluster).length === 1
  if (wanted === 'one' || isOnly) {
    const pod = onlyAgent(cluster)
    const {dumps, problems} = await readNodes(cluster, [pod], [...rules, ...OBJECTS], waiting, budget)
    const whole = dumps.map(dump => (served && dump.cluster ? dump.with({cluster: withServices(dump.cluster)}) : dump))
    return {dumps: whole, problems: [...general, ...problems], failures: []}
  }
  const found = await readObjects(cluster, signal, budget)
  const objects = {...found, ...(found.cluster && {cluster: withServices(found.cluster)})}
  const names = typeof wanted === 'string' ? namesOf(cluster) : objects.cluster ? wanted(objects.cluster) : []
  const isEach = wanted === 'each' && names.length > 1
  const pods = isEach ? cluster.ready : names.length === 0 ? [onlyAgent(cluster)] : names.map(name => agentOf(cluster, name))
  const {dumps, problems, failures} = await readNodes(cluster, pods, rules, waiting, budget, isEach)
  const withObjects = dumps.map(dump => (objects.cluster ? dump.with({cluster: objects.cluster}) : dump))
  const absent = isEach ? cluster.absent.map(failureOf) : []
  return {
    dumps: withObjects,
    problems: [...general, ...objects.problems, ...problems],
    failures: [...failures, ...absent].toSorted((a, b) => (a.node < b.node ? -1 : 1)),
  }
}

const failureOf = ({node, error}: {readonly node: string; readonly error: InputError}): NodeFailure => ({
  node,
  message: error.message,
  next: error.next,
})

const SHOWN_NODES = 8

const namesOf = ({ready, absent}: Pick<Cluster, 'ready' | 'absent'>): string[] =>
  [...ready, ...absent].map(({node}) => node).toSorted()

/** @throws InputError when there are several, or none that can be asked */
function onlyAgent({ready, absent}: Cluster): RelayPod {
  const names = namesOf({ready, absent})
  const [pod] = ready
  if (names.length === 1 && pod) return pod
  if (!pod) throw absent[0]?.error ?? new InputError('no agent has a node yet', 'See how far they are: kubectl npm status')
  const shown = names.slice(0, SHOWN_NODES).join(', ')
  throw new InputError(
    `there are ${names.length} nodes: ${shown}${names.length > SHOWN_NODES ? ', …' : ''}`,
    'Say which one with --node NAME, or --pod NAMESPACE/NAME for the node that it runs on.',
  )
}

function agentOf({ready, absent, api}: Cluster, name: string): RelayPod {
  const pod = ready.find(({node}) => node === name)
  if (pod) return pod
  throw (
    absent.find(({node}) => node === name)?.error ??
    new InputError(
      `node ${name}: no agent runs there, or the flags leave it out`,
      `Agents in namespace ${api.agentNamespace} run on: ${
        ready
          .map(({node}) => node)
          .slice(0, SHOWN_NODES)
          .join(', ') || 'no node'
      }`,
    )
  )
}

/** Agents that are asked for the cluster objects, one behind the other, when some cannot tell them. */
const MOST_ASKED = 10

/** Reads the cluster objects from one agent; when it cannot tell them, from the next. */
async function readObjects(
  cluster: Cluster,
  signal: AbortSignal,
  budget: InputBudget,
): Promise<{cluster?: ClusterObjects; problems: Problem[]}> {
  let failure: InputError | undefined
  for (const pod of cluster.ready.slice(0, MOST_ASKED)) {
    try {
      await using agent = await cluster.connect(pod, signal)
      if (agent.hello.knowledge.state === 'off' || agent.hello.knowledge.asOf === undefined) continue
      const {documents, problems} = await readNode(agent, OBJECTS, signal, budget)
      const {nodes, problems: more} = await computeWhileHeld(() => readDump(documents))
      const objects = nodes[0]?.cluster
      return {...(objects && {cluster: objects}), problems: [...problems, ...(nodes[0]?.problems ?? []), ...more]}
    } catch (error) {
      if (signal.aborted || !(error instanceof InputError)) throw error
      failure ??= error
    }
  }
  if (failure) throw failure
  if (cluster.ready.length > 0) return {problems: []}
  throw cluster.absent[0]?.error ?? new InputError('no agent has a node yet', 'See how far they are: kubectl npm status')
}

/** The rules and sets of one node, without the cluster's objects. @throws InputError */
export async function readRulesOf(agent: AgentConnection, signal: AbortSignal): Promise<NodeState> {
  const {node, takenAt, documents, problems} = await readNode(agent, RULES, signal, new InputBudget('agents'))
  const [state] = (await computeWhileHeld(() => readDump(documents))).nodes
  if (!state) throw new InputError(`node ${node}: the agent gave nothing that could be read`, 'See its log.', problems)
  requireRead(state, node, problems)
  return state.with({node, takenAt})
}

/** The cluster's objects as one agent knows them; undefined when it does not. @throws InputError */
export async function readObjectsOf(agent: AgentConnection, signal: AbortSignal): Promise<ClusterObjects | undefined> {
  if (agent.hello.knowledge.state === 'off' || agent.hello.knowledge.asOf === undefined) return undefined
  const {documents} = await readNode(agent, OBJECTS, signal, new InputBudget('agents'))
  return (await computeWhileHeld(() => readDump(documents))).nodes[0]?.cluster
}

/** What an agent says of its node, the cluster's objects among it. */
export interface NodeReading {
  readonly state: NodeState
  readonly problems: readonly Problem[]
}

/**
 * Reads one node, with the cluster's objects as its agent knows them.
 *
 * @param budget shared by all nodes of a command
 */
export async function readWholeNode(
  agent: AgentConnection,
  signal: AbortSignal,
  budget = new InputBudget('agents'),
  withConnections = false,
): Promise<NodeReading> {
  const reading = await readNode(agent, [...RULES, ...OBJECTS, ...(withConnections ? FLOWS : [])], signal, budget)
  const {nodes, problems} = await computeWhileHeld(() => readDump(reading.documents))
  const [state] = nodes
  const {node, takenAt} = reading
  if (!state) throw new InputError(`node ${node}: the agent gave nothing that could be read`, 'See its log.', reading.problems)
  requireRead(state, node, reading.problems)
  return {state: state.with({node, takenAt}), problems: [...reading.problems, ...problems]}
}

async function readNodes(
  cluster: Cluster,
  pods: readonly RelayPod[],
  documents: readonly NodeDocument[],
  {signal, progress}: Waiting,
  budget: InputBudget,
  isEach = false,
): Promise<ClusterReading> {
  const account = documents.some(document => documentRow(document).use === 'flows') ? 'operator' : 'viewer'
  const results = await eachNode(
    pods,
    async pod => {
      await using agent = await cluster.connect(pod, signal, account)
      return await readNode(agent, documents, signal, budget)
    },
    {nodeOf: ({node}) => node, label: 'reading', limit: READ_AT_ONCE, signal, progress},
  )
  signal.throwIfAborted()
  const failed = results.filter(result => 'error' in result)
  const [first] = failed
  if (first && (!isEach || failed.length === results.length)) throw first.error
  const readings = results.flatMap(result => ('error' in result ? [] : [result.value]))
  const problems = readings.flatMap(reading => reading.problems)
  const failures = failed.map(failureOf)
  const dumps: NodeState[] = []
  // One node at a time: alone, a node without any rules is still that node.
  for (const reading of readings) {
    try {
      const {nodes, problems: more} = await computeWhileHeld(() => readDump(reading.documents))
      for (const state of nodes) requireRead(state, reading.node, reading.problems)
      dumps.push(...nodes.map(state => state.with({node: reading.node, takenAt: reading.takenAt})))
      problems.push(...more)
    } catch (error) {
      if (!(isEach && error instanceof InputError)) throw error
      failures.push(failureOf({node: reading.node, error}))
    }
  }
  return {dumps, problems, failures}
}
