import type {Plan} from '../contract/plan.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import type {Problem} from '../problem/problem.ts'
import type {PlanNodeOptions, Wanted} from './wanted.ts'

/**
 * Plans what makes a node what it is to be. Nothing is planned where the input is not whole: then `incomplete` says of what, and
 * there are no operations. Where nothing is to be done, there are no operations either.
 *
 * @param node as it is, with what is known of the cluster
 * @param inputProblems of the input as a whole
 * @throws InputError for what is asked and cannot be: another engine's node, a name that is not known, semantics that Azure NPM
 *   would undo
 */
export function planNode(
  _node: NodeState,
  _wanted: Wanted,
  _options: PlanNodeOptions,
  _inputProblems: readonly Problem[] = [],
): Plan {
  throw new Error('not yet')
}
