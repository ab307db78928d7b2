import type {Translation} from '../contract/translation.ts'
import type {NodeState} from '../dataplane/dataplane.ts'

/** What a node has programmed, in words, as one document. Never throws for bad input: see `problems`. */
export function translate(node: NodeState): Translation {
  const open = node.translation()
  return {...open.facts, policies: [...open.policies()], sets: [...open.sets()]}
}
