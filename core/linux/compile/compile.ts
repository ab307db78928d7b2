import type {ClusterObjects} from '../../kubernetes/objects.ts'
import {IncrementalProgram} from '../../policy/incremental.ts'
import type {CompileOptions, ProgramSets} from '../../policy/program.ts'
import type {LinuxPolicyPart, LinuxProgram} from '../npm/program.ts'
import {PolicyRules} from './policy-rules.ts'
import {V1PolicyRules} from './v1/policy-rules.ts'

/** A program with iptables rules that follows the cluster. */
export type LinuxIncrementalProgram = IncrementalProgram<LinuxPolicyPart>

/** An empty program of the generation that the options name. */
export const incrementalProgram = (options: CompileOptions): LinuxIncrementalProgram =>
  new IncrementalProgram(options, (table, its) =>
    its.generation === 'v1' ? new V1PolicyRules(table, its) : new PolicyRules(table, its),
  )

/**
 * The sets and rules that a cluster's objects ask for on one node.
 *
 * @param objects as the API server gives them out, or as a person wrote them: defaults are filled in. Of two with the same
 *   name the first counts.
 * @returns a program for every policy that can be programmed; the others are in `refusals`
 */
export function compile(objects: ClusterObjects, options: CompileOptions): LinuxProgram {
  return filled(objects, options).program()
}

/** The sets of that program alone, and what of the policies is not in it. */
export function compileSets(objects: ClusterObjects, options: CompileOptions): ProgramSets {
  return filled(objects, options).sets()
}

function filled(objects: ClusterObjects, options: CompileOptions): LinuxIncrementalProgram {
  const program = incrementalProgram(options)
  program.applyAll(objects)
  return program
}
