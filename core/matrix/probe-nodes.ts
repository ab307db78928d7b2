import type {z} from 'zod'
import type {matrixSchema, Probe} from '../contract/matrix.ts'
import {API_VERSION} from '../contract/version.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import type {Problem} from '../problem/problem.ts'
import {isNodeRead} from '../trace/nodes.ts'
import {commonDataPlane, foretell, foretoldInput, printedDepartures} from './foretell.ts'
import {type GroupedMatrix, groupedMatrix} from './groups.ts'
import {elsewhereProblems, endsOf} from './known-ends.ts'
import {Matrix} from './matrix.ts'
import type {ProbedPort} from './ports.ts'
import {clusterOf, NEWEST, type NodeQuestion, portsFor, requireKnown, requireOne} from './question.ts'
import {withStandIns} from './stand-ins.ts'

/** A document of kind `Matrix`. Its probes are decided lazily and can be iterated once. */
export type StreamedMatrix = Omit<z.infer<typeof matrixSchema>, 'probes'> & {readonly probes: Iterable<Probe>}

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

/**
 * Decides all pairs of pods, and each pod with one address outside the cluster, at every port. It walks the rules of the nodes if there
 * are any, those of both ends where there are several nodes, and otherwise the rules that Azure NPM would program.
 *
 * @param dumps nodes of one cluster
 * @param inputProblems of the input as a whole; they come before those of the nodes
 * @throws InputError when no pods are known, or neither rules nor policies
 */
export function probeNodes(
  dumps: readonly NodeState[],
  question: NodeQuestion,
  inputProblems: readonly Problem[] = [],
): ProbedNode {
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
    ...(foretold ? foretoldInput(foretold) : {nodes}),
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
    ...(isWalked && {releases: walked.map(state => ({node: state.node, ...state.release()}))}),
    walked: isWalked,
    ...(foretold && {foretold: true}),
    ...(standIns.length > 0 && {standIns}),
    probes: question.isWrongOnly ? onlyWrong(matrix.probes()) : matrix.probes(),
    ...(foretold && cluster && {departures: printedDepartures(cluster, dataPlane, options)}),
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

/** Whether the verdict is known and not what the policies mean. */
export const isWrong = ({verdict, expected}: Pick<Probe, 'verdict' | 'expected'>): boolean =>
  expected !== undefined && verdict !== 'unknown' && verdict !== expected

/** The probes whose verdict is not what the policies mean. */
export function* onlyWrong(all: Iterable<Probe>): Generator<Probe> {
  for (const probe of all) if (isWrong(probe)) yield probe
}
