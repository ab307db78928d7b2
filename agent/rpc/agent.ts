import type {AgentStatus, Right, SyncState} from '../../core/contract/agent.ts'
import type {Drift} from '../../core/contract/drift.ts'
import type {Metrics, MetricsInput} from '../../core/contract/metrics.ts'
import type {Caller} from '../auth/caller.ts'
import type {Limits} from '../limits/limits.ts'
import type {LiveReader} from '../live/live-reader.ts'
import type {Log} from '../log.ts'
import type {Snapshots} from '../snapshots/snapshots.ts'
import type {Changes} from './changes.ts'
import type {Writes} from './writes.ts'

/** What the procedures work with. */
export interface Agent {
  readonly version: string
  readonly node: string
  readonly log: Log
  readonly limits: Limits
  readonly snapshots: Snapshots
  /** Counters of the node, read while somebody watches. */
  readonly live: LiveReader
  /** Changes of the status. */
  readonly changes: Changes
  /** What changes the node. Undefined where the agent was started to read only. */
  readonly writes: Writes | undefined
  status(): AgentStatus
  syncState(): SyncState
  /** @throws RefusedError when the caller has not the right */
  demand(caller: Caller, right: Right): Promise<void>
  /** @throws RefusedError when there is nothing to compare with or the node cannot be read */
  diff(options: {readonly lite?: boolean}): Promise<Drift>
  /** @throws RefusedError when the node cannot be read */
  metrics(input: MetricsInput): Promise<Metrics>
}
