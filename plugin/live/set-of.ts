import type {SetEntry} from '../../core/contract/common.ts'
import type {NodeState} from '../../core/dataplane/dataplane.ts'

/** A set of a node by its kernel name; undefined when the node does not have it. */
export function setOf(state: NodeState, name: string): SetEntry | undefined {
  for (const entry of state.translation().sets()) if (entry.set === name) return entry
  return undefined
}
