import type {z} from 'zod'
import type {matrixDiffSchema} from '../contract/matrix.ts'
import {API_VERSION} from '../contract/version.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import {type ClusterObjects, objectKey} from '../kubernetes/objects.ts'
import type {CompileOptions} from '../policy/program.ts'
import {InputError} from '../problem/input-error.ts'
import type {Problem} from '../problem/problem.ts'
import {isNodeRead} from '../trace/nodes.ts'
import {changedCluster, withWorkloads} from './change.ts'
import {compareMatrices} from './compare-matrices.ts'
import {commonDataPlane, foretell, foretellChange, foretoldInput, printedDepartures} from './foretell.ts'
import {commonEnds, elsewhereProblems, endsOf} from './known-ends.ts'
import {clusterOf, hasRules, type MatrixQuestion, NEWEST, portsFor, requireKnown, requireOne} from './question.ts'
import {withStandIns} from './stand-ins.ts'

/** Another state of the node or cluster, or a change to it. */
export interface MatrixChangeQuestion {
  /** Other nodes, another cluster, or objects to apply. */
  readonly changed?: readonly NodeState[] | undefined
  /** Policies to delete, `namespace/name`. */
  readonly without?: readonly string[] | undefined
}

/** A document of kind `MatrixDiff`. */
export type MatrixDiff = z.infer<typeof matrixDiffSchema>

/**
 * Compares the matrix of nodes with that of others, or what Azure NPM will do before and after a change, for the same pods and ports.
 *
 * Nodes with rules on both sides are walked. Otherwise both sides are foretold: of a node with rules, as the release on it programs.
 *
 * @param dumps nodes of one cluster
 * @param inputProblems of each input as a whole
 * @throws InputError as `probeNodes`, when `changed` holds neither rules nor objects, and for a policy to delete that is not there
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
    {ends: ends.before, ports, cluster, ...foretoldInput(before)},
    {ends: ends.after, ports, cluster: changedTo, ...foretoldInput(after)},
  )
  return {
    apiVersion: API_VERSION,
    kind: 'MatrixDiff',
    ...diff,
    foretold: true,
    ...(standIns.length > 0 && {standIns}),
    departures: printedDepartures(changedTo, dataPlane, options),
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
      ? foretoldInput(foretell(known, commonDataPlane(known, requireOne(dumps).dataPlane), options))
      : {nodes: dumps}
  const diff = compareMatrices(
    {ends, ports, ...before, ...(known && {cluster: known})},
    {ends, ports, nodes: changed, ...(cluster && {cluster})},
  )
  return {apiVersion: API_VERSION, kind: 'MatrixDiff', ...diff, problems}
}

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
