import type {Drift, DriftCause, DriftItem} from '../contract/drift.ts'
import {API_VERSION} from '../contract/version.ts'
import type {Cause} from '../dataplane/cause.ts'
import type {Comparison} from '../dataplane/comparison.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import type {AnyDifference} from '../dataplane/difference.ts'
import type {ExpectedProgramOptions} from '../dataplane/expected-program.ts'
import type {SimulatedNode} from '../dataplane/simulation.ts'
import {plainPart} from '../kubernetes/completeness.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import type {Program} from '../policy/program.ts'
import type {IncompletePart} from '../problem/incomplete-part.ts'
import {flagWords} from '../text/shell-word.ts'
import {refusalsOf} from './departures.ts'
import type {Limits} from './disputed-packets.ts'
import type {Effect} from './effects.ts'
import {groupCauses} from './group-causes.ts'
import {judgeNode} from './judge-node.ts'
import {keptPolicies, repairHint} from './repair-hint.ts'

/** Settings of Azure NPM that a dump does not contain, results that can be reused, and limits. */
export interface CompareOptions extends Limits, ExpectedProgramOptions {
  /** Compares only rules and sets with the program, and does not ask what the policies mean. */
  readonly isProgramOnly?: boolean
  /** The flags that say to `apply` which node: by default `--node` and its name. */
  readonly target?: string
}

const HURRIED = 'there are so many differences that not all packets were tried: what some of them do is unknown'

/** The differences of a node, by their causes. */
export interface OpenComparison {
  readonly program: Program
  readonly differences: readonly AnyDifference[]
  /** Found when somebody asks. */
  readonly causes: readonly Cause[]
  /** Converts a difference to an item of a document, without its effect. */
  readonly describe: (difference: AnyDifference) => Omit<DriftItem, 'effect' | 'example'>
  readonly notes: readonly string[]
  readonly notCompared: Comparison['notCompared']
  readonly incomplete: Comparison['incomplete'] & {}
  /** The node as it is. */
  readonly simulated: SimulatedNode<object, AnyDifference>
}

/** Finds all differences between what the policies require and what is on a node. */
export function openComparison(cluster: ClusterObjects, node: NodeState, options: ExpectedProgramOptions = {}): OpenComparison {
  const {dataPlane} = node
  const {program, comparison, notes} = closestProgram(cluster, node, options)
  const {differences, notes: expectedDifferences, notCompared, incomplete = []} = comparison
  const simulated = dataPlane.simulate(node, program)
  let causes: readonly Cause[] | undefined
  return {
    program,
    differences,
    get causes() {
      return (causes ??= groupCauses(differences, {program, node, cluster, simulated}))
    },
    describe: difference => dataPlane.describe(difference),
    notes: [...notes, ...expectedDifferences],
    notCompared,
    incomplete,
    simulated,
  }
}

/**
 * The program that a node is compared with. Several releases may have programmed a node that is broken: what tells them apart may
 * be what is missing. Then it is the one with the fewest differences.
 */
function closestProgram(
  cluster: ClusterObjects,
  node: NodeState,
  options: ExpectedProgramOptions,
): {readonly program: Program; readonly comparison: Comparison; readonly notes: readonly string[]} {
  const {dataPlane} = node
  const {program, notes, others = []} = dataPlane.expectedProgram(node, cluster, options)
  const first = {program, comparison: dataPlane.compare(program, node), notes}
  if (first.comparison.differences.length === 0 || others.length === 0) return first
  let best = first
  for (const other of others) {
    const its = other()
    const comparison = dataPlane.compare(its, node)
    if (comparison.differences.length < best.comparison.differences.length) best = {program: its, comparison, notes}
  }
  // Which releases it may be is said already where it is not the current one.
  if (best === first) return {...first, notes: notes.length > 0 ? notes : [UNSURE]}
  const {release} = best.program.options
  return {
    ...best,
    notes: [`the node is compared with what Azure NPM ${release} programs, from which it differs least; ${UNSURE}`],
  }
}

const UNSURE = 'nothing on the node tells for sure which of several releases of Azure NPM programmed it'

/** What the author of a policy that is too large to compare can do. */
const FEWER_RULES = 'Its peers, values and ports multiply: select the peers by one common label, or the ports by ranges.'

/** A node that was compared and judged. */
export interface JudgedComparison extends OpenComparison {
  /** In the order of the document. */
  readonly causes: readonly Cause[]
  readonly drift: Omit<Drift, 'problems'>
}

/**
 * Compares what the policies require with what is on a node, and judges packets by both. What opens traffic comes first, then
 * what blocks it.
 */
export const compareNode = (cluster: ClusterObjects, dump: NodeState, options: CompareOptions = {}): Omit<Drift, 'problems'> =>
  judgedComparison(cluster, dump, options).drift

/** The same, with the differences behind the document. */
export function judgedComparison(cluster: ClusterObjects, dump: NodeState, options: CompareOptions = {}): JudgedComparison {
  const isProgramOnly = options.isProgramOnly === true
  const comparison = openComparison(cluster, dump, options)
  const {program, simulated, notCompared} = comparison
  const judgement = judgeNode({...options, ...comparison, node: dump, cluster, program, simulated, isProgramOnly})
  const {items, causes, told} = documented(comparison, judgement.causes)
  const facts = {
    target: options.target ?? flagWords('--node', dump.node === 'unknown' ? 'NODE' : dump.node),
    causes: told,
    kept: keptPolicies(program, cluster),
  }
  const {departures, judged, isHurried} = judgement
  const incomplete = eachPartOnce([...comparison.incomplete, ...judgement.incomplete])
  const refusals = isProgramOnly
    ? refusalsOf(program).map(({policy, reason, consequence}) => `policy ${policy}: ${reason}; ${consequence}`)
    : judgement.notes
  const drift: Omit<Drift, 'problems'> = {
    apiVersion: API_VERSION,
    kind: 'Drift',
    node: dump.node,
    clean: causes.length + departures.length + notCompared.length + incomplete.length === 0,
    causes: causes.map((cause, at) => ({
      ...cause,
      repair: repairHint(at, facts, neededWith(cause)),
    })),
    departures: [...departures],
    judged,
    items,
    incomplete,
    notes: [...comparison.notes, ...refusals, ...(isHurried ? [HURRIED] : [])],
    ...(notCompared.length > 0 && {notCompared: notCompared.map(each => ({...each, next: FEWER_RULES}))}),
  }
  return {...comparison, causes: told, drift}
}

/** The other causes without whose repair that of one changes nothing. */
function neededWith({opens, closes}: DriftCause): ReadonlySet<number> {
  const examples = [...opens, ...closes]
  const isAlone = examples.some(({together}) => together === undefined)
  return new Set(isAlone ? [] : examples.flatMap(({together = []}) => together))
}

/** The parts by name. */
const eachPartOnce = (parts: readonly IncompletePart[]): IncompletePart[] => [
  ...new Map(parts.map(part => [part.part, plainPart(part)])).values(),
]

interface Told {
  readonly at: number
  readonly cause: Cause
  readonly effect: Effect
}

const effectOf = ({opens, closes, hidden, isUncertain}: Effect): DriftItem['effect'] => {
  if (opens.length > 0) return 'open'
  if (closes.length > 0) return 'closed'
  if (hidden) return hidden.opens.length > 0 ? 'open' : 'closed'
  return isUncertain ? 'unknown' : 'none'
}

/** A number that is smaller for what is worse: what opens and closes, opens, closes, will do so later, may do so, does nothing. */
function harmOf({opens, closes, hidden, isUncertain}: Effect): number {
  if (opens.length > 0) return closes.length > 0 ? 0 : 1
  if (closes.length > 0) return 2
  if (hidden) return 3
  return isUncertain ? 4 : 5
}

/** Causes and the differences below them as documents have them, the most harmful first. */
function documented(
  {describe}: OpenComparison,
  told: readonly Told[],
): {items: DriftItem[]; causes: DriftCause[]; told: readonly Cause[]} {
  const items: DriftItem[] = []
  const order = told.toSorted((a, b) => harmOf(a.effect) - harmOf(b.effect))
  const placeOf = new Map(order.map(({at}, place) => [at, place]))
  const examples = (packets: Effect['opens']) =>
    packets.map(each => ({...each, ...(each.together && {together: each.together.flatMap(at => placeOf.get(at) ?? [])})}))
  const causes = order.map(({cause, effect}): DriftCause => {
    const {kind, text, policy, pod, addresses, where, differences} = cause
    const first = items.length
    const example = effect.opens[0] ?? effect.closes[0] ?? effect.hidden?.opens[0] ?? effect.hidden?.closes[0]
    for (const difference of differences)
      items.push({...describe(difference), effect: effectOf(effect), ...(example && {example: example.packet})})
    return {
      kind,
      text,
      ...(policy !== undefined && {policy}),
      ...(pod !== undefined && {pod}),
      ...(addresses && {addresses: [...addresses]}),
      ...(where && {where}),
      opens: examples(effect.opens),
      closes: examples(effect.closes),
      ...(effect.hidden && {hidden: {opens: [...effect.hidden.opens], closes: [...effect.hidden.closes]}}),
      isUncertain: effect.isUncertain,
      items: differences.map((_, at) => first + at),
    }
  })
  return {items, causes, told: order.map(({cause}) => cause)}
}
