import type {z} from 'zod'
import type {setListSchema} from '../contract/set-list.ts'
import {API_VERSION} from '../contract/version.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import type {Problem} from '../problem/problem.ts'
import {isAskedFor} from '../sets/list-sets.ts'

/** A document of kind `SetList`. */
export type SetList = z.infer<typeof setListSchema>

/** Sets of a node, and the requested names that match none. */
export interface FoundSets {
  readonly document: SetList
  readonly missing: readonly string[]
  readonly problems: readonly Problem[]
}

/**
 * Finds Azure NPM's ipsets on a node.
 *
 * @param asked kernel names, readable names or labels (`app=web`); empty for all sets
 */
export function findSets(dump: NodeState, asked: readonly string[]): FoundSets {
  const translation = dump.translation()
  const all = [...translation.sets()]
  const items = asked.length === 0 ? all : all.filter(set => asked.some(name => isAskedFor(set, name)))
  return {
    document: {apiVersion: API_VERSION, kind: 'SetList', node: dump.node, items},
    missing: asked.filter(name => !all.some(set => isAskedFor(set, name))),
    problems: translation.facts.problems,
  }
}
