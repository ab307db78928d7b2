import type {AgentStatus} from '../../core/contract/agent.ts'
import type {InputError} from '../../core/problem/input-error.ts'
import type {NodeChoice} from './agents.ts'
import type {Cluster} from './cluster.ts'
import {type FollowPauses, followAgents} from './follow-agents.ts'
import {listen} from './listen.ts'
import {parseAnswer, tolerantStatusChangeSchema} from './tolerant-schemas.ts'

/** What is newly known of one node. */
export type StatusUpdate =
  | {readonly status: AgentStatus; readonly skipped: number}
  /** It cannot be asked at present. */
  | {readonly error: InputError}

/**
 * Follows the status of all agents that are meant until `signal` is aborted.
 *
 * @param onUpdate called at once, in the order of the events of a node; the same failure is reported once
 * @throws what is a fault of this program
 */
export function followStatus(
  cluster: Cluster,
  choice: NodeChoice,
  signal: AbortSignal,
  onUpdate: (node: string, update: StatusUpdate) => void,
  pauses?: FollowPauses,
): Promise<void> {
  return followAgents(
    cluster,
    choice,
    signal,
    {
      onTrouble: (node, error) => onUpdate(node, {error}),
      listen: (agent, node, listening, came) =>
        agent.ask('statusChanges', client =>
          listen(
            hearing => client.statusChanges.subscribe(undefined, hearing),
            listening,
            data => {
              const {status, skipped} = parseAnswer(tolerantStatusChangeSchema, data, node)
              if (listening.aborted) return
              came()
              // Which node it is, the list of pods says, and not what answers there.
              onUpdate(node, {status: {...status, node}, skipped})
            },
          ),
        ),
    },
    pauses,
  )
}
