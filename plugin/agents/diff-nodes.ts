import type {DriftList} from '../../core/contract/drift.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import type {Problem} from '../../core/problem/problem.ts'
import type {ClusterFlags} from '../kubernetes/flags.ts'
import type {NodeChoice} from './agents.ts'
import {openCluster} from './cluster.ts'
import {eachNode, sortedAnswers, type Waiting} from './each-node.ts'
import {engineProblems} from './policy-engine.ts'
import {parseAnswer, tolerantDriftSchema} from './tolerant-schemas.ts'

/**
 * Compares all nodes that are meant with what the policies ask for. Each agent compares its own node, so many nodes take little
 * longer than one.
 *
 * @param options.lite whether the nodes run NPM Lite
 * @returns the nodes by name, with those that could not be asked as failures; and what is wrong with the cluster as a whole
 * @throws InputError when no node can be asked, because of the cluster or the person's rights, or when only one is meant and its
 *   agent fails
 */
export async function diffNodes(
  flags: ClusterFlags & NodeChoice,
  {lite}: {readonly lite: boolean},
  {signal, progress}: Waiting,
): Promise<{list: DriftList; problems: Problem[]}> {
  await using cluster = await openCluster(flags, signal)
  const asked = await eachNode(
    cluster.ready,
    async pod => {
      await using agent = await cluster.connect(pod, signal)
      const answer = await agent.ask('diff', client => client.diff.query({lite}, {signal}))
      // The list of pods says which node it is, not the agent's answer.
      return {...parseAnswer(tolerantDriftSchema, answer, pod.node), node: pod.node}
    },
    {nodeOf: ({node}) => node, label: 'comparing', signal, progress},
  )
  const list: DriftList = {apiVersion: API_VERSION, kind: 'DriftList', ...sortedAnswers([...asked, ...cluster.absent])}
  return {list, problems: engineProblems(cluster.engine)}
}
