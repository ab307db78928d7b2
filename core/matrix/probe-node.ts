import type {z} from 'zod'
import type {matrixDiffSchema, matrixSchema, Probe} from '../contract/matrix.ts'
import {API_VERSION} from '../contract/version.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import {type ClusterObjects, objectKey} from '../kubernetes/objects.ts'
import type {Deviation} from '../policy/deviations.ts'
import type {CompileOptions} from '../policy/program.ts'
import {InputError} from '../problem/input-error.ts'
import type {Problem} from '../problem/problem.ts'
import {isNodeRead, knownPods} from '../trace/nodes.ts'
import {changedCluster, withWorkloads} from './change.ts'
import {compareMatrices} from './compare-matrices.ts'
import {commonDataPlane, departuresOf, type Foretold, foretell, foretellChange} from './foretell.ts'
import {type GroupedMatrix, groupedMatrix} from './groups.ts'
import {commonEnds, elsewhereProblems, endsOf} from './known-ends.ts'
import {Matrix, type MatrixInput} from './matrix.ts'
import {namedPorts, type ProbedPort, programmedPorts} from './ports.ts'
import {withStandIns} from './stand-ins.ts'

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

/** Another state of the node or cluster, or a change to it. */
export interface MatrixChangeQuestion {
  /** Other nodes, another cluster, or objects to apply. */
  readonly changed?: readonly NodeState[] | undefined
  /** Policies to delete, `namespace/name`. */
  readonly without?: readonly string[] | undefined
}

/** A document of kind `Matrix`. Its probes are decided lazily and can be iterated once. */
export type StreamedMatrix = Omit<z.infer<typeof matrixSchema>, 'probes'> & {readonly probes: Iterable<Probe>}

/** A document of kind `MatrixDiff`. */
export type MatrixDiff = z.infer<typeof matrixDiffSchema>

/** A matrix, with the names of all ends and the ports in the order of the probes. */
export interface ProbedNode {
  readonly document: StreamedMatrix
  /** For who asks of single cells. */
  readonly matrix: Matrix
  readonly ends: readonly string[]
  readonly ports: readonly ProbedPort[]
  /** The same with ends that behave alike as one. */
  readonly grouped: () => GroupedMatrix
  /** Whether a verdict is unknown because rules or sets are not whole; known when the probes are decided. */
  readonly restsOnLost: () => boolean
}

const NEWEST: CompileOptions = {scheme: 'sha256', semantics: 'npm'}

/**
 * Decides all pairs of pods, and each pod with one address outside the cluster, at every port. It walks the rules of the nodes if there
 * are any, those of both ends where there are several nodes, and otherwise the rules that Azure NPM would program.
 *
 * @param dumps nodes of one cluster
 * @param inputProblems of the input as a whole; they come before those of the nodes
 * @throws InputError when no pods are known, or neither rules nor policies
 */
export function probeNodes(dumps: readonly NodeState[], question: NodeQuestion, inputProblems: readonly Problem[]): ProbedNode {
  const problems = [...inputProblems, ...new Set(dumps.flatMap(each => each.problems))]
  const walked = dumps.filter(isNodeRead)
  const isWalked = walked.length > 0
  const dump = walked[0] ?? requireOne(dumps)
  const {
    clusters: [cluster],
    standIns,
  } = isWalked || !dump.cluster ? {clusters: [clusterOf(dumps)], standIns: []} : withStandIns([dump.cluster])
  const dataPlane = isWalked || !cluster ? dump.dataPlane : commonDataPlane(cluster, dump.dataPlane)
  requireKnown(cluster ? [dump.with({cluster})] : dumps, problems)
  const {options = NEWEST} = question
  const foretold = !isWalked && cluster ? foretell(cluster, dataPlane, options) : undefined
  // Rules without policies tell no ports: those that policies name would be none.
  const named = cluster && (!isWalked || cluster.policies.length > 0) ? [cluster] : []
  const nodes = foretold ? [foretold.node] : walked
  const input = {
    ends: endsOf(nodes, question),
    ...(foretold ? walkedForetold(foretold) : {nodes}),
    ...(cluster && {cluster}),
  }
  const ports =
    typeof question.ports === 'function' ? question.ports(input) : portsFor({ports: question.ports}, named, problems, walked)
  const matrix = new Matrix({...input, ports})
  const document: StreamedMatrix = {
    apiVersion: API_VERSION,
    kind: 'Matrix',
    node: isWalked ? walked.map(({node}) => node).join(', ') : dump.node,
    ...(walked.length > 1 && {nodes: walked.map(({node}) => node)}),
    walked: isWalked,
    ...(foretold && {foretold: true}),
    ...(standIns.length > 0 && {standIns}),
    probes: question.isWrongOnly ? onlyWrong(matrix.probes()) : matrix.probes(),
    ...(foretold && cluster && {departures: printable(departuresOf(cluster, dataPlane, options))}),
    // Filled while the probes are decided, which come before it.
    incomplete: matrix.incomplete,
    problems: [...problems, ...(foretold?.problems ?? []), ...elsewhereProblems(nodes, question)],
  }
  return {
    document,
    matrix,
    ends: matrix.ends.map(({name}) => name),
    ports,
    grouped: () => groupedMatrix(matrix),
    restsOnLost: () => matrix.restsOnLost,
  }
}

/** The same of one node. */
export const probeNode = (dump: NodeState, question: NodeQuestion, inputProblems: readonly Problem[]): ProbedNode =>
  probeNodes([dump], question, inputProblems)

/** Whether the verdict is known and not what the policies mean. */
export const isWrong = ({verdict, expected}: Pick<Probe, 'verdict' | 'expected'>): boolean =>
  expected !== undefined && verdict !== 'unknown' && verdict !== expected

/** The probes whose verdict is not what the policies mean. */
export function* onlyWrong(all: Iterable<Probe>): Generator<Probe> {
  for (const probe of all) if (isWrong(probe)) yield probe
}

/**
 * Compares the matrix of nodes with that of others, or what Azure NPM will do before and after a change, for the same pods and ports.
 *
 * Nodes with rules on both sides are walked. Otherwise both sides are foretold: of a node with rules, as the release on it programs.
 *
 * @param dumps nodes of one cluster
 * @param inputProblems of each input as a whole
 * @throws InputError as `probeNode`, when `changed` holds neither rules nor objects, and for a policy to delete that is not there
 */
export function compareProbes(
  dumps: readonly NodeState[],
  {changed: others = [], without = []}: MatrixChangeQuestion,
  question: MatrixQuestion,
  inputProblems: {readonly before: readonly Problem[]; readonly after: readonly Problem[]},
): MatrixDiff {
  const dump = dumps.find(isNodeRead) ?? requireOne(dumps)
  const changed = others.find(hasRules) ?? others[0]
  const given = [...inputProblems.before, ...new Set(dumps.flatMap(each => each.problems))]
  const all = [...given, ...inputProblems.after, ...new Set(others.flatMap(each => each.problems))]
  if (changed && hasRules(changed)) {
    if (without.length > 0)
      throw new InputError(
        '--without does not go with another node',
        'Its rules are walked as they are: give objects with --diff.',
      )
    requireKnown(dumps, given)
    return compareNodes(dumps, others.filter(hasRules), question, all)
  }
  const isForeseen = !isNodeRead(dump) && dump.cluster !== undefined
  const dataPlane = isForeseen && dump.cluster ? commonDataPlane(dump.cluster, dump.dataPlane) : dump.dataPlane
  if (changed && !changed.cluster)
    throw new InputError(
      '--diff: neither rules nor policies were found there',
      'Give a dump, cluster objects, or a file with policies.',
    )
  if (!dump.cluster) throw new InputError('--diff with objects needs the cluster objects', 'Give them with --from.')
  const isState = isOfCluster(changed?.cluster)
  if (!isState) requireAccepted([...inputProblems.after, ...(changed?.problems ?? [])])
  const applied = isState ? undefined : changed?.cluster
  const next = changedCluster(isState ? (changed?.cluster ?? dump.cluster) : dump.cluster, {...(applied && {applied}), without})
  const {clusters, standIns} = withStandIns([applied ? withNew(dump.cluster, next.cluster) : dump.cluster, next.cluster])
  const [cluster, changedTo] = clusters as [ClusterObjects, ClusterObjects]
  requireKnown([dump.with({cluster})], given)
  const options = optionsOf(dump, cluster, question)
  const before = foretell(cluster, dataPlane, options)
  const after = isState ? foretell(changedTo, dataPlane, options) : foretellChange(cluster, changedTo, dataPlane, options)
  const ports = portsFor(question, [cluster, changedTo], all)
  const ends = commonEnds(endsOf([before.node], question), endsOf([after.node], question))
  const diff = compareMatrices(
    {ends: ends.before, ports, cluster, ...walkedForetold(before)},
    {ends: ends.after, ports, cluster: changedTo, ...walkedForetold(after)},
  )
  return {
    apiVersion: API_VERSION,
    kind: 'MatrixDiff',
    ...diff,
    foretold: true,
    ...(standIns.length > 0 && {standIns}),
    departures: printable(departuresOf(changedTo, dataPlane, options)),
    problems: [...all, ...next.problems, ...after.problems, ...elsewhereProblems([before.node], question)],
  }
}

/**
 * A cluster with the pods, workloads and namespaces that only a change brings: packets to and from them are compared as if they ran
 * before it.
 */
function withNew(before: ClusterObjects, after: ClusterObjects): ClusterObjects {
  const namespaces = new Set(before.namespaces.map(({metadata}) => metadata.name))
  const pods = new Set(before.pods.map(objectKey))
  const known = withWorkloads({...before, workloads: after.workloads ?? []}, before.workloads ?? [])
  return {
    ...before,
    namespaces: [...before.namespaces, ...after.namespaces.filter(({metadata}) => !namespaces.has(metadata.name))],
    pods: [...before.pods, ...after.pods.filter(pod => !pods.has(objectKey(pod)))],
    ...known,
  }
}

function compareNodes(
  dumps: readonly NodeState[],
  changed: readonly NodeState[],
  question: MatrixQuestion,
  problems: Problem[],
): MatrixDiff {
  const known = clusterOf(dumps)
  const cluster = clusterOf(changed) ?? known
  const ports = portsFor(question, cluster ? [cluster] : [], problems)
  const ends = endsOf(dumps, question)
  const isWalked = dumps.some(isNodeRead)
  const {options = NEWEST} = question
  const before =
    !isWalked && known
      ? walkedForetold(foretell(known, commonDataPlane(known, requireOne(dumps).dataPlane), options))
      : {nodes: dumps}
  const diff = compareMatrices(
    {ends, ports, ...before, ...(known && {cluster: known})},
    {ends, ports, nodes: changed, ...(cluster && {cluster})},
  )
  return {apiVersion: API_VERSION, kind: 'MatrixDiff', ...diff, problems}
}

const walkedForetold = ({node, usedSets}: Foretold): Pick<MatrixInput, 'nodes' | 'usedSets'> => ({nodes: [node], usedSets})

const hasRules = ({completeness}: NodeState): boolean => completeness.rules !== 'absent'

const clusterOf = (dumps: readonly NodeState[]): ClusterObjects | undefined => dumps.find(({cluster}) => cluster)?.cluster

function requireOne([dump]: readonly NodeState[]): NodeState {
  if (!dump) throw new InputError('nothing to read: the input holds no node', 'Give a dump or cluster objects with --from.')
  return dump
}

const printable = (departures: readonly Deviation[]) =>
  departures.map(({code, sentence, places}) => ({
    code,
    sentence,
    objects: [...new Set(places.map(({object}) => object))],
  }))

/** Whether objects were read from a cluster: pods that somebody writes into a file have no address. */
const isOfCluster = (objects: ClusterObjects | undefined): boolean =>
  (objects?.pods ?? []).some(({status}) => status?.podIP !== undefined)

/** As which Azure NPM programs: as on the node, where its rules are known. */
function optionsOf(dump: NodeState, cluster: ClusterObjects, {options}: MatrixQuestion): CompileOptions {
  if (options || !hasRules(dump)) return options ?? NEWEST
  const {program} = dump.dataPlane.expectedProgram(dump, cluster, {})
  return program.options
}

/** The API server takes all of a change or tells what is wrong: what it refuses changes nothing. */
function requireAccepted(problems: readonly Problem[]): void {
  const refused = problems.find(
    ({code, message}) => code === 'POLICY_INVALID' || (code === 'BAD_OBJECT' && message.startsWith('NetworkPolicy ')),
  )
  if (refused)
    throw new InputError(`--diff: ${refused.message}`, 'Correct it first: kubectl npm lint -f tells what is wrong with it.')
}

function requireKnown(dumps: readonly NodeState[], problems: readonly Problem[]): void {
  if (knownPods(dumps).pods.length === 0)
    throw new InputError(
      'no pods are known',
      'Give the cluster objects with --from: kubectl get pods,namespaces,networkpolicies -A -o json',
      problems,
    )
  if (!dumps.some(hasRules) && !clusterOf(dumps))
    throw new InputError('neither rules nor policies are known', 'Give a dump or the cluster objects with --from.', problems)
}

function portsFor(
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
