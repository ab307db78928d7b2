import type {Plan} from '../../core/contract/plan.ts'
import type {WriteResult, WriteStatus} from '../../core/contract/writes.ts'
import type {NodeState} from '../../core/dataplane/dataplane.ts'
import type {Surroundings} from '../../core/plan/wanted.ts'
import type {InputError} from '../../core/problem/input-error.ts'
import type {Problem} from '../../core/problem/problem.ts'
import type {OpenWrite} from './open-write.ts'

/** A node as it is, to be planned on. */
export interface ReadTarget {
  readonly state: NodeState
  readonly surroundings: Surroundings
  readonly problems: readonly Problem[]
  /** All addresses of the node, where it was asked for them. */
  readonly ownAddresses?: ReadonlySet<string>
  /** What is open there, where the node was asked: nothing is written before it has ended. */
  readonly openWrite?: OpenWrite | undefined
  /** Why connections that go on cannot be looked for: they were not read. */
  readonly withoutConnections?: string
}

/** As whom nodes of a cluster are read: `mayBeOperator` is the operator for who gets a token of it, and else the viewer. */
export type ReadAccount = 'viewer' | 'operator' | 'mayBeOperator'

export interface ApplyQuestion {
  /** The node goes back by itself unless the write is confirmed within this time. */
  readonly confirmWithinMs?: number
  /** Ends connections that the new rules deny. */
  readonly endDeniedFlows?: boolean
}

/**
 * A node that can be written to: through its agent, or this machine. What the node refuses or fails at is a result, or an `InputError`
 * where it could not be asked.
 */
export interface WriteTarget {
  readonly node: string
  /** The flag that means this node: `--node NAME`, `--local`. */
  readonly flag: string
  read(): Promise<ReadTarget>
  apply(plan: Plan, question: ApplyQuestion): Promise<WriteResult>
  /** @param to id of a restore point; by default that of the last write that is in force */
  rollback(to: string | undefined): Promise<WriteResult>
  /** @param id of the write that is meant; by default the one that awaits its confirmation */
  confirm(id: string | undefined): Promise<WriteResult>
  status(): Promise<WriteStatus>
  /**
   * Where the node goes back by itself only while this process is there: waits until the write is confirmed, by whatever process, or taken
   * back.
   */
  readonly settled?: (id: string) => Promise<WriteResult>
}

export interface WriteTargets extends AsyncDisposable {
  /** By name. */
  readonly targets: readonly WriteTarget[]
  /** Nodes that are meant and cannot be asked. */
  readonly absent: readonly {readonly node: string; readonly error: InputError}[]
  readonly problems: readonly Problem[]
}
