import type {Plan} from '../../core/contract/plan.ts'
import type {WriteResult, WriteStatus} from '../../core/contract/writes.ts'

/** Who writes: the id of a credential, or `root`. */
export interface WriteCaller {
  readonly by: string
  /**
   * Ends the wait for the lock and the reading. A write that has begun is not ended by it: it goes on to its end, or back.
   */
  readonly signal?: AbortSignal
}

export interface ApplyOptions extends WriteCaller {
  /** The node goes back by itself unless `confirm` comes within this time. */
  readonly confirmWithinMs?: number
  /** Ends connections that go on although the new rules deny them. Without it they are only named. */
  readonly endDeniedFlows?: boolean
}

export interface RollbackOptions extends WriteCaller {
  /** The restore point. By default the one of the last write that changed the node and is not taken back. */
  readonly to?: string
  /**
   * Whether Azure NPM may be running, which then loses no chain and no set that it may know: they are only emptied. By default, whether
   * its pages answer.
   */
  readonly npmMayRun?: boolean
}

export interface ConfirmOptions extends WriteCaller {
  /** The write that is meant. By default the one that awaits its confirmation. */
  readonly id?: string
}

export interface StatusOptions {
  readonly withoutPoints?: boolean
}

/**
 * What writes to this node. One write at a time, of all processes of the node. No method throws: what is refused or fails is a result
 * with the outcome `failed`, with what failed and the state that the node is in. Each write, and each refused one, is one audit line of the log.
 */
export interface Writer {
  /** Runs a plan, if the node is still what the plan was made for. */
  apply(plan: Plan, options: ApplyOptions): Promise<WriteResult>
  rollback(options: RollbackOptions): Promise<WriteResult>
  confirm(options: ConfirmOptions): Promise<WriteResult>
  /**
   * What awaits its confirmation, and the restore points. Takes an interrupted write back first, if nobody writes now.
   *
   * @param options `withoutPoints`: none are listed, and none are read
   */
  status(options?: StatusOptions): Promise<WriteStatus>
  /**
   * Takes back a write whose process ended before it did, and one whose time for confirmation is over. To be called when a process starts
   * that will write, and now and then while it runs. Costs next to nothing when there is nothing to do, and a second call changes nothing.
   *
   * @returns undefined when there was nothing to do, or another process is writing
   */
  recover(): Promise<WriteResult | undefined>
  /**
   * Waits until a write is confirmed, by whatever process, or its time is over and it is taken back by this one.
   *
   * @param id of a result with the outcome `awaitingConfirmation`
   */
  settled(id: string, signal?: AbortSignal): Promise<WriteResult>
  /** Ends the timers. What awaits its confirmation is left to whoever comes next. */
  stop(): void
}
