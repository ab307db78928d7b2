import type {Metrics, MetricsInput, MetricsList} from '../../core/contract/metrics.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import type {Problem} from '../../core/problem/problem.ts'
import type {ClusterFlags} from '../kubernetes/flags.ts'
import type {AgentConnection} from './agent-connection.ts'
import type {NodeChoice} from './agents.ts'
import {openCluster} from './cluster.ts'
import {eachNode, sortedAnswers, type Waiting} from './each-node.ts'
import {engineProblems} from './policy-engine.ts'
import {parseAnswer, tolerantMetricsSchema} from './tolerant-schemas.ts'

/**
 * The metrics of all nodes that are meant, as their agents have them.
 *
 * @param ofOlder makes them where an agent is too old to be asked for metrics
 * @returns the nodes by name, with those that could not be asked as failures; and what is wrong with the cluster as a whole
 * @throws InputError when no node can be asked, because of the cluster or the person's rights, or when only one is meant and its
 *   agent fails
 */
export async function metricsOfNodes(
  flags: ClusterFlags & NodeChoice,
  input: MetricsInput,
  ofOlder: (agent: AgentConnection) => Promise<Metrics>,
  {signal, progress}: Waiting,
): Promise<{list: MetricsList; problems: Problem[]}> {
  await using cluster = await openCluster(flags, signal)
  const asked = await eachNode(
    cluster.ready,
    async pod => {
      await using agent = await cluster.connect(pod, signal)
      if (!agent.hello.procedures.includes('metrics')) return {...(await ofOlder(agent)), node: pod.node}
      const answer = await agent.ask('metrics', client => client.metrics.query(input, {signal}))
      // The list of pods says which node it is, not the agent's answer.
      return {...parseAnswer(tolerantMetricsSchema, answer, pod.node), node: pod.node}
    },
    {nodeOf: ({node}) => node, label: 'reading', signal, progress},
  )
  const list: MetricsList = {apiVersion: API_VERSION, kind: 'MetricsList', ...sortedAnswers([...asked, ...cluster.absent])}
  return {list, problems: engineProblems(cluster.engine)}
}
