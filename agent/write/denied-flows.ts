import type {DeniedFlow} from '../../core/contract/writes.ts'
import type {NodeState} from '../../core/dataplane/dataplane.ts'

/** The connections that go on although the rules would drop them if they were new. */
export interface DeniedFlows {
  /** @param node as it is after a write */
  find(node: NodeState): Promise<readonly DeniedFlow[]>
  /** Ends these and no others. @returns the same, each with whether it was ended */
  end(flows: readonly DeniedFlow[]): Promise<readonly DeniedFlow[]>
}
