import type {Drift} from '../contract/drift.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import {diffNode} from '../drift/diff-node.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import type {CompileOptions, Program} from '../policy/program.ts'

/** A node as it was read, and what its comparison with the policies says: nothing where it cannot be made. */
export interface ComparedNode {
  readonly state: NodeState
  readonly drift?: Drift
}

/**
 * Compares each node with what the policies ask for. Nodes that differ in nothing that a program depends on share it.
 *
 * @param options.isLite whether the nodes run NPM Lite
 */
export function* compareNodes(states: Iterable<NodeState>, {isLite}: {readonly isLite: boolean}): Generator<ComparedNode> {
  const programs = new Map<ClusterObjects, Map<string, Program>>()
  for (const state of states) {
    const {cluster, dataPlane} = state
    const isKnown = cluster && cluster.policies.length + cluster.pods.length + cluster.namespaces.length > 0
    if (!isKnown) {
      yield {state}
      continue
    }
    const known = programs.get(cluster) ?? new Map<string, Program>()
    programs.set(cluster, known)
    const programFor = (options: CompileOptions): Program => {
      const key = JSON.stringify([dataPlane.name, options])
      const program = known.get(key) ?? dataPlane.policyCompiler.compile(cluster, options)
      known.set(key, program)
      return program
    }
    yield {state, drift: diffNode(state, {isLite, programFor}, [])}
  }
}
