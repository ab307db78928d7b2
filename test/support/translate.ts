import type {Translation} from '../../core/contract/translation.ts'
import type {NodeState} from '../../core/dataplane/dataplane.ts'

/** Translates all that is programmed on a node to one document. Bad input does not throw; it is in `problems`. */
export function translate(node: NodeState): Translation {
  const open = node.translation()
  return {...open.facts, policies: [...open.policies()], sets: [...open.sets()]}
}
