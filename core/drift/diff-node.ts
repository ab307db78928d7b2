import type {Drift} from '../contract/drift.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import {InputError} from '../problem/input-error.ts'
import type {Problem} from '../problem/problem.ts'
import {compareNode} from './compare-node.ts'

/** Settings of the node's Azure NPM that a dump does not contain. */
export interface DiffOptions {
  readonly isLite: boolean
}

/**
 * Compares a node with what the policies in its own dump require.
 *
 * @param inputProblems of the input as a whole; they come before those of the dump
 * @throws InputError when the dump has no cluster objects
 */
export function diffNode(dump: NodeState, {isLite}: DiffOptions, inputProblems: readonly Problem[]): Drift {
  const {cluster} = dump
  if (!cluster || cluster.pods.length + cluster.policies.length + cluster.namespaces.length === 0)
    throw new InputError(
      'no cluster objects: what the policies ask for is unknown',
      'Give them with --from: kubectl get pods,namespaces,networkpolicies -A -o json',
      dump.problems,
    )
  return {...compareNode(cluster, dump, {isLite}), problems: [...inputProblems, ...dump.translation().facts.problems]}
}
