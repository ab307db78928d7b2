import {setTimeout as sleep} from 'node:timers/promises'
import {InputError} from '../../core/problem/input-error.ts'
import {type AgentConnection, CLOSED, TOKEN_OVER} from './agent-connection.ts'
import {AgentError} from './agent-error.ts'
import {type FoundAgents, findAgents, type NodeChoice, type RelayPod} from './agents.ts'
import type {Cluster} from './cluster.ts'

export interface FollowPauses {
  /** Milliseconds until agents that cannot be asked are asked again. */
  readonly againMs: number
  /** Milliseconds until agents of new nodes are looked for. */
  readonly lookMs: number
}

const ASKED_AGAIN = 'It is asked again by itself.'

const PAUSES: FollowPauses = {againMs: 2000, lookMs: 15_000}

/** What to do with each agent that is followed. */
export interface Following {
  /**
   * Listens to an agent until its connection ends, or `signal` is aborted.
   *
   * @param came to be called whenever something came from it: its trouble, if it had any, is over
   * @throws InputError with what ended the connection
   */
  readonly listen: (agent: AgentConnection, node: string, signal: AbortSignal, came: () => void) => Promise<void>
  /** Called with all nodes whose agents are followed, or cannot be asked, whenever they were looked for. */
  readonly onFound?: (nodes: readonly string[]) => void
  /** Called at once when an agent cannot be asked, or not any more. The same failure is reported once. */
  readonly onTrouble: (node: string, error: InputError) => void
}

/**
 * Follows all agents that are meant until `signal` is aborted. An agent whose connection ends is looked for again, in the pod that its node
 * has then; so are agents of new nodes.
 *
 * @throws what is a fault of this program
 */
export async function followAgents(
  cluster: Cluster,
  choice: NodeChoice,
  signal: AbortSignal,
  {listen, onFound, onTrouble}: Following,
  {againMs, lookMs}: FollowPauses = PAUSES,
): Promise<void> {
  const followed = new Map<string, Promise<void>>()
  const troubles = new Map<string, string>()
  const faults: unknown[] = []
  let found: FoundAgents = cluster
  let wake = () => {}

  const report = (node: string, error: InputError) => {
    if (signal.aborted || troubles.get(node) === error.message) return
    troubles.set(node, error.message)
    onTrouble(node, error)
  }
  const follow = async (pod: RelayPod) => {
    const {node} = pod
    try {
      while (!signal.aborted)
        await followAgent(cluster, pod, signal, agent => listen(agent, node, signal, () => troubles.delete(node)))
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof InputError) report(node, askedAgain(error))
      // Faults of our own are not hidden as a node's failure.
      else faults.push(error)
    } finally {
      followed.delete(node)
      wake()
    }
  }
  while (!signal.aborted) {
    const known = new Set([...found.ready, ...found.absent].map(({node}) => node))
    onFound?.([...known])
    for (const pod of found.ready) if (!followed.has(pod.node)) followed.set(pod.node, follow(pod))
    for (const {node, error} of found.absent) report(node, error)
    for (const node of troubles.keys()) if (!known.has(node)) report(node, goneFrom(node))
    const isAllWell = troubles.size === 0
    const ended = new Promise<void>(resolve => {
      wake = resolve
    })
    if (isAllWell) await Promise.race([sleep(lookMs, undefined, {signal}).catch(() => {}), ended])
    // The pod of an agent that has just ended is not yet known to be gone.
    if (!signal.aborted) await sleep(againMs, undefined, {signal}).catch(() => {})
    if (faults.length > 0) throw faults[0]
    if (signal.aborted) break
    found = await findAgents(cluster.api, choice, signal).catch(() => found)
  }
  await Promise.all(followed.values())
}

/**
 * Resolves when the time of the token is over.
 *
 * @throws InputError when the agent cannot be asked, or not any more
 */
async function followAgent(
  cluster: Cluster,
  pod: RelayPod,
  signal: AbortSignal,
  listen: (agent: AgentConnection) => Promise<void>,
): Promise<void> {
  // A subscription is all that is asked of it at first.
  await using agent = await cluster.connect(pod, signal, 'viewer', {isEager: true})
  try {
    await listen(agent)
    // Nobody ends a subscription but the two of us.
    if (!signal.aborted) throw new InputError(`node ${pod.node}: the agent ended the subscription`, ASKED_AGAIN)
  } catch (error) {
    if (!(error instanceof AgentError && error.code === TOKEN_OVER)) throw error
  }
}

/** Who follows need do nothing about a connection that broke. */
const askedAgain = (error: InputError): InputError =>
  error instanceof AgentError && error.code === CLOSED ? new AgentError(error.message, ASKED_AGAIN, CLOSED) : error

const goneFrom = (node: string): InputError =>
  new InputError(`node ${node}: its agent is gone`, 'The node has left the cluster, or its agent was removed.')
