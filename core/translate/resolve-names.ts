import type {z} from 'zod'
import type {resolutionSchema} from '../contract/resolution.ts'
import {API_VERSION} from '../contract/version.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import type {Problem} from '../problem/problem.ts'
import {resolveName} from './resolve.ts'

/** A document of kind `Resolution`. */
export type Resolution = z.infer<typeof resolutionSchema>

/**
 * Resolves kernel names to names, and names to kernel names.
 *
 * @param asked as `resolveName` takes them
 * @param dump  a node whose names are known; without it, hashes are compared only with names that most clusters have
 * @returns all readings of each name, in the order asked; whether all are known; problems of the dump
 */
export function resolveNames(
  asked: readonly string[],
  dump: NodeState | undefined,
): {document: Resolution; areAllKnown: boolean; problems: readonly Problem[]} {
  const node = dump && dump.translation()
  const items = asked.flatMap(name => resolveName(name, node))
  return {
    document: {apiVersion: API_VERSION, kind: 'Resolution', items},
    areAllKnown: items.every(({name}) => name !== 'unknown'),
    problems: node?.facts.problems ?? [],
  }
}
