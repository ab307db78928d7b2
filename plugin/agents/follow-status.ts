import {setTimeout as sleep} from 'node:timers/promises'
import type {AgentStatus} from '../../core/contract/agent.ts'
import {InputError} from '../../core/problem/input-error.ts'
import {TOKEN_OVER} from './agent-connection.ts'
import {AgentError} from './agent-error.ts'
import {type FoundAgents, findAgents, type NodeChoice, type RelayPod} from './agents.ts'
import type {Cluster} from './cluster.ts'
import {parseAnswer, tolerantStatusChangeSchema} from './tolerant-schemas.ts'

/** What is newly known of one node. */
export type StatusUpdate =
  | {readonly status: AgentStatus; readonly skipped: number}
  /** It cannot be asked at present. */
  | {readonly error: InputError}

export interface FollowPauses {
  /** Milliseconds until agents that cannot be asked are asked again. */
  readonly againMs: number
  /** Milliseconds until agents of new nodes are looked for. */
  readonly lookMs: number
}

const PAUSES: FollowPauses = {againMs: 2000, lookMs: 15_000}

/**
 * Follows the status of all agents that are meant until `signal` is aborted. An agent whose connection ends is looked for again, in the
 * pod that its node has then; so are agents of new nodes.
 *
 * @param onUpdate called at once, in the order of the events of a node; the same failure is reported once
 * @throws what is a fault of this program
 */
export async function followStatus(
  cluster: Cluster,
  choice: NodeChoice,
  signal: AbortSignal,
  onUpdate: (node: string, update: StatusUpdate) => void,
  {againMs, lookMs}: FollowPauses = PAUSES,
): Promise<void> {
  const followed = new Map<string, Promise<void>>()
  const troubles = new Map<string, string>()
  const faults: unknown[] = []
  let found: FoundAgents = cluster
  let wake = () => {}

  const report = (node: string, update: StatusUpdate) => {
    if (signal.aborted) return
    if ('error' in update) {
      if (troubles.get(node) === update.error.message) return
      troubles.set(node, update.error.message)
    } else troubles.delete(node)
    onUpdate(node, update)
  }
  const follow = async (pod: RelayPod) => {
    try {
      for (;;) await followAgent(cluster, pod, signal, update => report(pod.node, update))
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof InputError) report(pod.node, {error})
      // Faults of our own are not hidden as a node's failure.
      else faults.push(error)
    } finally {
      followed.delete(pod.node)
      wake()
    }
  }
  while (!signal.aborted) {
    for (const pod of found.ready) if (!followed.has(pod.node)) followed.set(pod.node, follow(pod))
    for (const {node, error} of found.absent) report(node, {error})
    const known = new Set([...found.ready, ...found.absent].map(({node}) => node))
    for (const node of troubles.keys()) if (!known.has(node)) report(node, {error: goneFrom(node)})
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
  onUpdate: (update: StatusUpdate) => void,
): Promise<void> {
  const {node} = pod
  await using agent = await cluster.connect(pod, signal)
  try {
    await agent.ask(
      'statusChanges',
      client =>
        new Promise<void>((_resolve, reject) => {
          const subscription = client.statusChanges.subscribe(undefined, {
            signal,
            onData: data => {
              try {
                const {status, skipped} = parseAnswer(tolerantStatusChangeSchema, data, node)
                // Which node it is, the list of pods says, and not what answers there.
                onUpdate({status: {...status, node}, skipped})
              } catch (error) {
                subscription.unsubscribe()
                reject(error)
              }
            },
            onError: reject,
            onComplete: () => reject(new InputError(`node ${node}: the agent ended the subscription`, 'It is asked again.')),
          })
        }),
    )
  } catch (error) {
    if (!(error instanceof AgentError && error.code === TOKEN_OVER)) throw error
  }
}

const goneFrom = (node: string): InputError =>
  new InputError(`node ${node}: its agent is gone`, 'The node has left the cluster, or its agent was removed.')
