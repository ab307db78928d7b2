import type {Drift, DriftItem} from '../contract/drift.ts'
import {API_VERSION} from '../contract/version.ts'
import type {AnyDifference, Comparison, ExpectedProgramOptions, NodeState} from '../dataplane/dataplane.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import type {Program} from '../policy/program.ts'
import {type Limits, VerdictChanges} from './verdict-change.ts'

/** Settings of Azure NPM that a dump does not contain, results that can be reused, and limits. */
export interface CompareOptions extends Limits, ExpectedProgramOptions {}

const HURRIED =
  'there are so many differences that the later ones were tried with a few packets each: some that are said to change nothing may change something'

const HARM = {open: 0, closed: 1, none: 2} as const

/** The differences of a node, and on request the effect of each on packets. */
export interface OpenComparison {
  readonly program: Program
  readonly differences: readonly AnyDifference[]
  /** Converts a difference to an item of a document, without its effect. */
  readonly describe: (difference: AnyDifference) => Omit<DriftItem, 'effect' | 'example'>
  readonly notes: readonly string[]
  readonly notCompared: Comparison['notCompared']
  readonly effects: VerdictChanges<object, AnyDifference>
}

/** Finds all differences between what the policies require and what is on a node. */
export function openComparison(cluster: ClusterObjects, node: NodeState, options: CompareOptions = {}): OpenComparison {
  const {dataPlane} = node
  const {program, notes} = dataPlane.expectedProgram(node, cluster, options)
  const {differences, notes: expectedDifferences, notCompared} = dataPlane.compare(program, node)
  // Built on first use: it takes time on a large node, and a node without drift does not need it.
  let effects: OpenComparison['effects'] | undefined
  return {
    program,
    differences,
    describe: difference => dataPlane.describe(difference),
    notes: [...notes, ...expectedDifferences, ...refusalNotes(program)],
    notCompared,
    get effects() {
      effects ??= new VerdictChanges(dataPlane.simulate(program, node), options)
      return effects
    },
  }
}

function refusalNotes({leftOut, refusals}: Program): string[] {
  const isLeftOut = new Set(leftOut.map(({policy}) => policy))
  return refusals
    .filter(({policy, code}) => code !== 'TOO_MANY_RULES' || !isLeftOut.has(policy))
    .map(({policy, reason, consequence}) => `policy ${policy}: ${reason}; ${consequence}`)
}

/** What the author of a policy that is too large to compare can do. */
const FEWER_RULES = 'Its peers, values and ports multiply: select the peers by one common label, or the ports by ranges.'

/** Compares what the policies require with what is on a node. Items that open traffic come first, then those that block it. */
export function compareNode(cluster: ClusterObjects, dump: NodeState, options: CompareOptions = {}): Omit<Drift, 'problems'> {
  const comparison = openComparison(cluster, dump, options)
  const {differences, notes, notCompared} = comparison
  const items: DriftItem[] = differences.map(difference => ({
    ...comparison.describe(difference),
    ...comparison.effects.of(difference),
  }))
  const isHurried = items.length > 0 && comparison.effects.isHurried
  return {
    apiVersion: API_VERSION,
    kind: 'Drift',
    node: dump.node,
    clean: items.length === 0 && notCompared.length === 0,
    items: items.toSorted((a, b) => HARM[a.effect] - HARM[b.effect]),
    incomplete: [],
    notes: [...notes, ...(isHurried ? [HURRIED] : [])],
    ...(notCompared.length > 0 && {notCompared: notCompared.map(each => ({...each, next: FEWER_RULES}))}),
  }
}
