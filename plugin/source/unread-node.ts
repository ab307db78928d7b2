import type {NodeState} from '../../core/dataplane/dataplane.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {Problem} from '../../core/problem/problem.ts'

/**
 * Demands that something of a node's rules and sets was read. A node of which nothing is known because it could not be read must not be
 * taken for one that was not given: an answer without it would seem to be whole.
 *
 * @param problems of the reading
 * @throws InputError that says why it could not be read
 */
export function requireRead({completeness, sets}: NodeState, node: string, problems: readonly Problem[]): void {
  if (completeness.rules !== 'absent' || sets) return
  const failed = problems.find(({code}) => code === 'TOOL_FAILED')
  if (failed) throw new InputError(`node ${node}: its rules and sets could not be read: ${failed.message}`, failed.next, problems)
}
