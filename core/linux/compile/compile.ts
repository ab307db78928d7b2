import type {ClusterObjects} from '../../kubernetes/objects.ts'
import {IncrementalProgram} from '../../policy/incremental.ts'
import type {CompileOptions, Program, ProgramSets} from '../../policy/program.ts'

/**
 * The sets and rules that a cluster's objects ask for on one node.
 *
 * @param objects as the API server gives them out, or as a person wrote them: defaults are filled in. Of two with the same
 *   name the first counts.
 * @returns a program for every policy that can be programmed; the others are in `refusals`
 */
export function compile(objects: ClusterObjects, options: CompileOptions): Program {
  return filled(objects, options).program()
}

/** The sets of that program alone, and what of the policies is not in it. */
export function compileSets(objects: ClusterObjects, options: CompileOptions): ProgramSets {
  return filled(objects, options).sets()
}

function filled(objects: ClusterObjects, options: CompileOptions): IncrementalProgram {
  const program = new IncrementalProgram(options)
  program.applyAll(objects)
  return program
}
