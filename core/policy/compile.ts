import type {ClusterObjects} from '../cluster/objects.ts'
import {IncrementalProgram} from './incremental.ts'
import type {CompileOptions, Program} from './program.ts'

/**
 * The sets and rules that a cluster's objects ask for on one node.
 *
 * @param objects as the API server gives them out, or as a person wrote them: defaults are filled in. Of two with the same
 *   name the first counts.
 * @returns a program for every policy that can be programmed; the others are in `refusals`
 */
export function compile(objects: ClusterObjects, options: CompileOptions): Program {
  const program = new IncrementalProgram(options)
  program.applyAll(objects)
  return program.program()
}
