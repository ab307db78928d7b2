import type {z} from 'zod'
import type {matrixDiffSchema, matrixSchema, Probe} from '../contract/matrix.ts'
import {API_VERSION} from '../contract/version.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import {type ClusterObjects, objectKey} from '../kubernetes/objects.ts'
import {InputError} from '../problem/input-error.ts'
import type {Problem} from '../problem/problem.ts'
import {resolveEndpoint} from '../trace/endpoints.ts'
import {knownPods} from '../trace/nodes.ts'
import {compareMatrices} from './compare-matrices.ts'
import {type MatrixInput, matrixEnds, type ProbedPort, probes} from './matrix.ts'

/** What to probe. */
export interface MatrixQuestion {
  readonly ports: readonly ProbedPort[]
  /** Only pods of this namespace, as senders and as receivers. */
  readonly namespace?: string | undefined
}

/** A document of kind `Matrix`. Its probes are decided lazily and can be iterated once. */
export type StreamedMatrix = Omit<z.infer<typeof matrixSchema>, 'probes'> & {readonly probes: Iterable<Probe>}

/** A document of kind `MatrixDiff`. */
export type MatrixDiff = z.infer<typeof matrixDiffSchema>

/**
 * Decides all pairs of pods, and each pod with one address outside the cluster, at every port. It walks the node's rules if there
 * are any, and evaluates the policies otherwise.
 *
 * @param inputProblems of the input as a whole; they come before those of the dump
 * @returns the document, and the names of all ends in the order of the probes
 * @throws InputError when no pods are known, or neither rules nor policies
 */
export function probeNode(
  dump: NodeState,
  question: MatrixQuestion,
  inputProblems: readonly Problem[],
): {document: StreamedMatrix; ends: readonly string[]} {
  const problems = [...inputProblems, ...dump.problems]
  const input = inputOf(dump, question, problems)
  const document: StreamedMatrix = {
    apiVersion: API_VERSION,
    kind: 'Matrix',
    node: dump.node,
    walked: dump.completeness.rules !== 'absent',
    probes: probes(input),
    incomplete: [],
    problems,
  }
  return {document, ends: input.ends.map(({name}) => name)}
}

/**
 * Compares the matrix of a dump with that of another one, for the same pods and ports.
 *
 * @param changed another node, another cluster, or policies alone. Policies are added to the first cluster, where they replace those
 *   with the same name.
 * @param inputProblems of each input as a whole
 * @throws InputError as `probeNode`, and when `changed` holds neither rules nor policies
 */
export function compareProbes(
  dump: NodeState,
  changed: NodeState,
  question: MatrixQuestion,
  inputProblems: {readonly before: readonly Problem[]; readonly after: readonly Problem[]},
): MatrixDiff {
  const problems = [...inputProblems.before, ...dump.problems]
  const input = inputOf(dump, question, problems)
  const diff = compareMatrices(input, changedInput(input, changed))
  return {
    apiVersion: API_VERSION,
    kind: 'MatrixDiff',
    ...diff,
    problems: [...problems, ...inputProblems.after, ...changed.problems],
  }
}

function inputOf(dump: NodeState, {ports, namespace}: MatrixQuestion, problems: readonly Problem[]): MatrixInput {
  const known = knownPods([dump])
  if (known.pods.length === 0)
    throw new InputError(
      'no pods are known',
      'Give the cluster objects with --from: kubectl get pods,namespaces,networkpolicies -A -o json',
      problems,
    )
  if (dump.completeness.rules === 'absent' && !dump.cluster)
    throw new InputError('neither rules nor policies are known', 'Give a dump or the cluster objects with --from.', problems)
  const pods = namespace === undefined ? known.pods : known.pods.filter(pod => pod.metadata.namespace === namespace)
  const ends = matrixEnds(pods, resolveEndpoint('external', known))
  return {ends, ports, ...(dump.completeness.rules !== 'absent' && {dump}), ...(dump.cluster && {cluster: dump.cluster})}
}

function changedInput(input: MatrixInput, changed: NodeState): MatrixInput {
  if (changed.completeness.rules !== 'absent')
    return {...input, dump: changed, ...(changed.cluster && {cluster: changed.cluster})}
  const {cluster} = changed
  if (!cluster)
    throw new InputError(
      '--diff: neither rules nor policies were found there',
      'Give a dump, cluster objects, or a file with policies.',
    )
  if (cluster.pods.length > 0) return {ends: input.ends, ports: input.ports, cluster}
  if (!input.cluster) throw new InputError('--diff with policies alone needs the cluster objects', 'Give them with --from.')
  return {ends: input.ends, ports: input.ports, cluster: withPolicies(input.cluster, cluster)}
}

/** The cluster after `kubectl apply` of policies. Those with the same name are replaced. */
function withPolicies(base: ClusterObjects, added: ClusterObjects): ClusterObjects {
  const replaced = new Set(added.policies.map(objectKey))
  return {...base, policies: [...base.policies.filter(policy => !replaced.has(objectKey(policy))), ...added.policies]}
}
