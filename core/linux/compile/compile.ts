import {withAllNamespaces} from '../../kubernetes/namespace-labels.ts'
import type {ClusterObjects} from '../../kubernetes/objects.ts'
import {IncrementalProgram} from '../../policy/incremental.ts'
import type {CompileOptions, ProgramSets} from '../../policy/program.ts'
import type {LinuxPolicyPart, LinuxProgram} from '../npm/program.ts'
import {PolicyRules} from './policy-rules.ts'
import {V1PolicyRules} from './v1/policy-rules.ts'

/** A program of iptables rules that is updated when the cluster changes. */
export type LinuxIncrementalProgram = IncrementalProgram<LinuxPolicyPart>

/** Creates an empty program of the generation in `options`. */
export const incrementalProgram = (options: CompileOptions): LinuxIncrementalProgram =>
  new IncrementalProgram(options, (table, its) =>
    its.generation === 'v1' ? new V1PolicyRules(table, its) : new PolicyRules(table, its),
  )

/**
 * Compiles a cluster's objects into the sets and rules of one node.
 *
 * @param objects as the API server returns them, or from a manifest: defaults are filled in. If two have the same name, the
 *   first is used. A namespace whose object was not given has the label of its name.
 * @returns the sets and rules of every policy that can be programmed; the others are in `refusals`
 */
export function compile(objects: ClusterObjects, options: CompileOptions): LinuxProgram {
  return filled(objects, options).program()
}

/**
 * Compiles one cluster's objects with several options. Programs that differ only in which sets are made are made of one another.
 * Parameters as for `compile`.
 */
export function compiler(objects: ClusterObjects): (options: CompileOptions) => LinuxProgram {
  let last: {readonly key: string; readonly program: LinuxIncrementalProgram} | undefined
  return ({isOnNeed = false, ...options}) => {
    const key = JSON.stringify(options)
    if (last?.key !== key) last = {key, program: filled(objects, options)}
    return last.program.program(isOnNeed)
  }
}

/** Compiles only the sets of a program, and the refusals. Parameters as for `compile`. */
export function compileSets(objects: ClusterObjects, options: CompileOptions): ProgramSets {
  return filled(objects, options).sets()
}

function filled(objects: ClusterObjects, options: CompileOptions): LinuxIncrementalProgram {
  const program = incrementalProgram(options)
  program.applyAll(withAllNamespaces(objects))
  return program
}
