import {z} from 'zod'
import {type Drift, driftSchema} from '../../core/contract/drift.ts'
import type {Problem} from '../../core/problem/problem.ts'
import type {ClusterFlags} from '../kubernetes/flags.ts'
import type {NodeChoice} from './agents.ts'
import {openCluster} from './cluster.ts'
import {eachNode, type NodeResult} from './each-node.ts'
import {engineProblems} from './policy-engine.ts'
import {understood, wireProblemSchema} from './tolerant-schemas.ts'

const wireDriftSchema = driftSchema.extend({problems: z.array(wireProblemSchema)})

/**
 * Lets the agents of all nodes that are meant compare their node with what the policies ask for. Each node does its own, so
 * many take little longer than one.
 *
 * @returns a result for each node, by name, also for those that could not be asked; and what is to be said of all of them
 * @throws InputError when no node can be asked at all, because of the cluster or the person's rights
 */
export async function diffNodes(
  flags: ClusterFlags & NodeChoice,
  options: {readonly lite: boolean},
  signal: AbortSignal,
): Promise<{results: NodeResult<Drift>[]; problems: Problem[]}> {
  await using cluster = await openCluster(flags, signal)
  const {lite} = options
  const asked = await eachNode(
    cluster.ready,
    async pod => {
      await using agent = await cluster.connect(pod, signal)
      const answer = await agent.ask('diff', client => client.diff.query({lite}, {signal}))
      // Which node it is, the list of pods says, and not what answers there.
      return {...understood(wireDriftSchema, answer, pod.node), node: pod.node}
    },
    {nodeOf: ({node}) => node, label: 'comparing', signal},
  )
  const results = [...asked, ...cluster.absent].toSorted((a, b) => (a.node < b.node ? -1 : 1))
  return {results, problems: engineProblems(cluster.engine)}
}
