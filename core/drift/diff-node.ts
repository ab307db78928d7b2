import type {IncompletePart} from '../contract/common.ts'
import type {Drift} from '../contract/drift.ts'
import {API_VERSION} from '../contract/version.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import type {ExpectedProgramOptions} from '../dataplane/expected-program.ts'
import {incompleteObjects, plainPart} from '../kubernetes/completeness.ts'
import {InputError} from '../problem/input-error.ts'
import type {Problem} from '../problem/problem.ts'
import {compareNode} from './compare-node.ts'

/** Settings of the node's Azure NPM that a dump does not contain, and what is asked. */
export interface DiffOptions extends Pick<ExpectedProgramOptions, 'programFor'> {
  readonly isLite: boolean
  /** Compares only with what Azure NPM programs, and does not ask whether that is what the policies mean. */
  readonly isProgramOnly?: boolean
  /** The flags that say to `apply` which node. */
  readonly target?: string
}

/**
 * Compares a node with what the policies in its own dump require.
 *
 * @param inputProblems of the input as a whole; they come before those of the dump
 * @throws InputError when the dump has no cluster objects
 */
export function diffNode(dump: NodeState, options: DiffOptions, inputProblems: readonly Problem[]): Drift {
  const {cluster} = dump
  if (!cluster || cluster.pods.length + cluster.policies.length + cluster.namespaces.length === 0)
    throw new InputError(
      'no cluster objects: what the policies ask for is unknown',
      'Give them with --from: kubectl get pods,namespaces,networkpolicies -A -o json',
      dump.problems,
    )
  const missing = incompleteObjects(cluster).filter(({kind}) => kind !== 'nodes')
  if (missing.length > 0) return uncompared(dump, missing.map(plainPart), inputProblems)
  return {
    ...compareNode(cluster, dump, options),
    release: dump.release(),
    problems: [...inputProblems, ...dump.translation().facts.problems],
  }
}

/** What was not given would be called missing or extra, so nothing is compared. */
const uncompared = (dump: NodeState, incomplete: readonly IncompletePart[], inputProblems: readonly Problem[]): Drift => ({
  apiVersion: API_VERSION,
  kind: 'Drift',
  node: dump.node,
  release: dump.release(),
  clean: false,
  causes: [],
  departures: [],
  judged: 'none',
  items: [],
  notes: [],
  incomplete: [...incomplete],
  problems: [...inputProblems, ...dump.translation().facts.problems],
})
