import type {NodeState} from '../dataplane/dataplane.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import type {CompileOptions} from '../policy/program.ts'
import {InputError} from '../problem/input-error.ts'
import type {Problem} from '../problem/problem.ts'
import {knownPods} from '../trace/nodes.ts'
import type {MatrixInput} from './matrix.ts'
import {namedPorts, type ProbedPort, programmedPorts} from './ports.ts'

/** What to probe. */
export interface MatrixQuestion {
  /** By default all that the policies name, and the rules of the nodes. */
  readonly ports?: readonly ProbedPort[] | undefined
  /** Only pods of these namespaces, as senders and as receivers. */
  readonly namespaces?: readonly string[] | undefined
  /** Whether the document has only probes whose verdict is not what the policies mean. */
  readonly isWrongOnly?: boolean
  /** As which Azure NPM programs, where no node tells; by default as that of today. */
  readonly options?: CompileOptions | undefined
}

/** The same, where which ports are probed depends on the ends and on what judges their packets. */
export interface NodeQuestion extends Omit<MatrixQuestion, 'ports'> {
  readonly ports?: MatrixQuestion['ports'] | ((input: Omit<MatrixInput, 'ports'>) => readonly ProbedPort[])
}

/** As which Azure NPM programs where nothing tells: that of today. */
export const NEWEST: CompileOptions = {scheme: 'sha256', semantics: 'npm'}

/** Whether rules of a node were given. */
export const hasRules = ({completeness}: NodeState): boolean => completeness.rules !== 'absent'

/** The cluster that nodes are of; undefined where no objects were given. */
export const clusterOf = (dumps: readonly NodeState[]): ClusterObjects | undefined => dumps.find(({cluster}) => cluster)?.cluster

/** @throws InputError when the input holds no node */
export function requireOne([dump]: readonly NodeState[]): NodeState {
  if (!dump) throw new InputError('nothing to read: the input holds no node', 'Give a dump or cluster objects with --from.')
  return dump
}

/** @throws InputError when no pods are known, or neither rules nor policies */
export function requireKnown(dumps: readonly NodeState[], problems: readonly Problem[]): void {
  if (knownPods(dumps).pods.length === 0)
    throw new InputError(
      'no pods are known',
      'Give the cluster objects with --from: kubectl get pods,namespaces,networkpolicies -A -o json',
      problems,
    )
  if (!dumps.some(hasRules) && !clusterOf(dumps))
    throw new InputError('neither rules nor policies are known', 'Give a dump or the cluster objects with --from.', problems)
}

/**
 * The ports to probe: those asked for, or those that policies and rules name.
 *
 * @throws InputError when nothing names any
 */
export function portsFor(
  {ports}: Pick<MatrixQuestion, 'ports'>,
  clusters: readonly ClusterObjects[],
  problems: readonly Problem[],
  walked: readonly NodeState[] = [],
): readonly ProbedPort[] {
  if (ports) return ports
  if (clusters.length === 0)
    throw new InputError(
      '--ports is missing',
      'Without the policies nothing tells which ports matter: --ports 80,53/udp',
      problems,
    )
  return namedPorts(clusters, walked.filter(hasRules).flatMap(programmedPorts))
}
