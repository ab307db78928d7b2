import type {NodeState} from '../../core/dataplane/dataplane.ts'
import type {DeniedConnection, FoundFlows} from '../../core/flows/find-denied.ts'

/** The connections that go on although the rules would drop them if they were new. */
export interface DeniedFlows {
  /** Why none can be ended here; undefined when they can. */
  missing(): Promise<string | undefined>
  /**
   * @param open gives the node as it is after a write
   * @throws Error when connections cannot be read
   */
  find(open: () => Promise<NodeState>): Promise<FoundFlows>
  /**
   * Ends these and no others.
   *
   * @returns those that do not go on any more: their entries were deleted, or had ended by themselves
   * @throws Error when none can be ended
   */
  end(denied: readonly DeniedConnection[]): Promise<ReadonlySet<DeniedConnection>>
}
