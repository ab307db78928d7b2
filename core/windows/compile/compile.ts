import {withAllNamespaces} from '../../kubernetes/namespace-labels.ts'
import type {ClusterObjects, Node} from '../../kubernetes/objects.ts'
import {IncrementalProgram, type ObjectEvent} from '../../policy/incremental.ts'
import type {CompileOptions, ProgramSets} from '../../policy/program.ts'
import {InputError} from '../../problem/input-error.ts'
import type {WindowsPolicyPart, WindowsProgram} from '../npm/program.ts'
import {addressesOf, localPods} from './local-pods.ts'
import {PolicyAcls} from './policy-acls.ts'
import {windowsSets} from './windows-sets.ts'

/** A program of HNS sets and access rules that is updated when the cluster changes. */
export class WindowsIncrementalProgram extends IncrementalProgram<WindowsPolicyPart> {
  private readonly nodes = new Map<string, Node>()

  /** @throws InputError for the first generation of Azure NPM */
  constructor(options: CompileOptions) {
    if (options.generation === 'v1')
      throw new InputError('NPM v1 has no Windows nodes', 'Leave --generation out, and give a release since v1.4.20.')
    super(options, (table, its) => new PolicyAcls(table, its))
  }

  override apply(event: ObjectEvent): void {
    super.apply(event)
    if (event.kind !== 'Node') return
    if (event.type === 'deleted') this.nodes.delete(event.object.metadata.name)
    else this.nodes.set(event.object.metadata.name, event.object)
  }

  override applyAll(objects: ClusterObjects): void {
    super.applyAll(objects)
    for (const node of objects.nodes) this.nodes.set(node.metadata.name, node)
  }

  override program(isOnNeed?: boolean): WindowsProgram {
    const program = super.program(isOnNeed)
    const {options} = program
    return {
      ...program,
      sets: windowsSets(program.sets, options),
      pods: [...localPods(this.allPods(), this.nodes, options.node)],
      nodeAddresses: addressesOf(this.nodes.values()),
    }
  }

  override sets(): ProgramSets {
    const sets = super.sets()
    return {...sets, sets: windowsSets(sets.sets, sets.options)}
  }
}

/**
 * Compiles a cluster's objects into the sets and access rules of Windows nodes.
 *
 * @param objects as the API server returns them, or from a manifest: defaults are filled in
 * @returns the sets, and the rules of every policy that can be programmed; the others are in `refusals`
 */
export const compile = (objects: ClusterObjects, options: CompileOptions): WindowsProgram => filled(objects, options).program()

/** Compiles only the sets of a program, and the refusals. Parameters as for `compile`. */
export const compileSets = (objects: ClusterObjects, options: CompileOptions): ProgramSets => filled(objects, options).sets()

function filled(objects: ClusterObjects, options: CompileOptions): WindowsIncrementalProgram {
  const program = new WindowsIncrementalProgram(options)
  program.applyAll(withAllNamespaces(objects))
  return program
}
