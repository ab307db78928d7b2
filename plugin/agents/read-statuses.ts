import type {AgentStatusList} from '../../core/contract/status.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import type {Cluster} from './cluster.ts'
import {eachNode, itemsAndFailures, type Waiting} from './each-node.ts'
import {parseAnswer, tolerantStatusSchema} from './tolerant-schemas.ts'

/**
 * Asks every agent that is meant for its status.
 *
 * @returns statuses by name of the node; failures: first nodes without an agent that can be asked, then those whose agent failed
 */
export async function readStatuses(cluster: Cluster, waiting: Waiting): Promise<AgentStatusList> {
  const results = await eachNode(
    cluster.ready,
    async (pod, asking) => {
      await using agent = await cluster.connect(pod, asking)
      const answer = await agent.ask('status', client => client.status.query(undefined, {signal: asking}))
      // The list of pods says which node it is, not the agent's answer.
      return {...parseAnswer(tolerantStatusSchema, answer, pod.node), node: pod.node}
    },
    {nodeOf: ({node}) => node, label: 'asking', ...waiting},
  )
  return {apiVersion: API_VERSION, kind: 'AgentStatusList', ...itemsAndFailures([...cluster.absent, ...results])}
}
