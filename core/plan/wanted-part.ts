import type {NodeState} from '../dataplane/dataplane.ts'
import type {LeftAlone, NpmPart} from '../dataplane/plan.ts'
import {judgedComparison, openComparison} from '../drift/compare-node.ts'
import {isKept, keptPolicies} from '../drift/repair-hint.ts'
import {incompleteObjects, plainPart} from '../kubernetes/completeness.ts'
import type {IncompletePart} from '../problem/incomplete-part.ts'
import {InputError} from '../problem/input-error.ts'
import {narrowedKept} from './kept-part.ts'
import {type Compared, hasNumber, narrow} from './narrow.ts'
import {repairedWith} from './repaired-with.ts'
import type {PlanNodeOptions, Wanted} from './wanted.ts'

/** The part of Azure NPM that a node is to have. */
export interface WantedPart {
  readonly part: NpmPart
  /** In words; empty when nothing was narrowed. */
  readonly narrowedTo: readonly string[]
  readonly untouched: readonly LeftAlone[]
  readonly notes: readonly string[]
}

type Unknown = {readonly incomplete: readonly IncompletePart[]}

/**
 * Finds what a node is to have.
 *
 * @returns what is not whole, where that cannot be known
 * @throws InputError for names that are not known, and where nothing says what is wanted
 */
export function wantedPart(node: NodeState, wanted: Wanted, options: PlanNodeOptions): WantedPart | Unknown {
  const {writing, narrowedTo} = options
  if (wanted.kind === 'policies') return partOfPolicies(node, wanted, options)
  if (wanted.kind === 'nothing') {
    const kept = writing.emptyPart(node)
    if (!narrowedTo) return {part: kept, narrowedTo: [], untouched: [], notes: []}
    return {...narrowedKept({node, found: foundPart(node, writing), kept, writing}, narrowedTo), untouched: []}
  }
  const other = wanted.node
  if (other.node !== node.node && other.node !== 'unknown' && node.node !== 'unknown')
    throw new InputError(
      `the dump is of node ${other.node}, and this is node ${node.node}`,
      `Give a dump of node ${node.node}; what the policies ask for needs none.`,
    )
  const part = writing.keptPartOf(other)
  if ('incomplete' in part) return part
  const taken = other.takenAt === undefined ? '' : ` of ${other.takenAt}`
  const chosen = narrowedTo
    ? narrowedKept({node, found: foundPart(node, writing), kept: part, other, writing}, narrowedTo)
    : {part, narrowedTo: [], notes: []}
  return {
    ...chosen,
    untouched: [],
    notes: [
      `${narrowedTo ? 'what is named becomes that' : 'sets and rules become those'} of the ${wanted.kind === 'dump' ? 'dump' : 'restore point'}${taken}: pods and policies may have changed since; kubectl npm diff tells behind it what does not fit any more`,
      ...chosen.notes,
    ],
  }
}

function foundPart(node: NodeState, writing: PlanNodeOptions['writing']): NpmPart {
  const found = writing.partOf(node)
  // Whoever plans has looked.
  if ('incomplete' in found) throw new RangeError('the node is not whole')
  return found
}

function partOfPolicies(
  node: NodeState,
  {semantics = 'npm', isLite = false}: Extract<Wanted, {kind: 'policies'}>,
  {writing, narrowedTo}: PlanNodeOptions,
): WantedPart | Unknown {
  const {cluster} = node
  if (!cluster || cluster.pods.length + cluster.policies.length + cluster.namespaces.length === 0)
    throw new InputError(
      'no cluster objects: what the policies ask for is unknown',
      'Give them with -f: kubectl get pods,namespaces,networkpolicies -A -o json',
      node.problems,
    )
  const missing = incompleteObjects(cluster).filter(({kind}) => kind !== 'nodes')
  if (missing.length > 0) return {incomplete: missing.map(plainPart)}
  const settings = {isLite, semantics}
  // A number counts in the order in which diff prints the causes, for which packets must be judged.
  const comparison = hasNumber(narrowedTo) ? judgedComparison(cluster, node, settings) : openComparison(cluster, node, settings)
  if (comparison.incomplete.length > 0) return {incomplete: comparison.incomplete.map(plainPart)}
  const {program, notCompared} = comparison
  if (semantics === 'kubernetes' && program.options.generation === 'v1')
    throw new InputError(
      'the rules on this node are of NPM v1, which cannot enforce what the API means',
      'Leave --semantics out, or take away what NPM v1 left with --remove first.',
    )
  const kept = semantics === 'npm' ? keptPolicies(program, cluster) : new Set<string>()
  const {differences} = comparison
  const compared: Compared = {
    node,
    program,
    differences,
    kept,
    // A repair of everything asks for none.
    get causes() {
      return comparison.causes
    },
  }
  const chosen = narrowedTo ? narrow(compared, narrowedTo) : {differences: all(compared), narrowedTo: [], notes: []}
  const repaired = repairedWith(chosen.differences, compared, writing)
  const keptOnes = keptThere(compared)
  return {
    part: repaired.part,
    narrowedTo: chosen.narrowedTo,
    untouched: [
      ...(narrowedTo ? [] : keptOnes),
      ...refused(compared, [...keptOnes, ...notCompared.map(({policy}) => ({name: `policy ${policy}`}))]).filter(
        ({name}) => !narrowedTo || narrowedTo.policies?.some(policy => name === `policy ${policy}`),
      ),
      ...notCompared.map(({policy, reason}) => ({
        name: `policy ${policy}`,
        reason: `its rules were not compared: ${reason}`,
        next: 'Its peers, values and ports multiply: select the peers by one common label, or the ports by ranges.',
      })),
      ...repaired.stays,
    ],
    notes: [...comparison.notes, ...chosen.notes, ...(narrowedTo ? repaired.notes : [])],
  }
}

/** All differences but those by which an old version of a refused policy stays in force. */
function all(compared: Compared): Compared['differences'] {
  const {differences, kept} = compared
  if (kept.size === 0) return differences
  const stay = new Set(compared.causes.filter(cause => isKept(cause, kept)).flatMap(cause => cause.differences))
  return differences.filter(each => !stay.has(each))
}

function keptThere(compared: Compared): LeftAlone[] {
  const {kept} = compared
  if (kept.size === 0) return []
  return compared.causes
    .filter(cause => isKept(cause, kept))
    .map(({policy}) => ({
      name: `policy ${policy}`,
      reason: 'Azure NPM refuses the policy as it is now, and leaves what it programmed of it before',
      next: 'Change the policy so that Azure NPM accepts it, see kubectl npm lint; or delete it.',
    }))
}

/** Policies of which nothing is programmed, and that nothing else is said of. */
function refused({program: {policies, refusals}}: Compared, told: readonly {readonly name: string}[]): LeftAlone[] {
  const known = new Set([...policies.map(({policy}) => `policy ${policy}`), ...told.map(({name}) => name)])
  const first = new Map(refusals.toReversed().map(each => [`policy ${each.policy}`, each]))
  return [...first]
    .filter(([name]) => !known.has(name))
    .map(([name, {reason, consequence}]) => ({
      name,
      reason: `nothing of it is put in force: ${reason}; ${consequence}`,
      next: 'Change the policy, see kubectl npm lint.',
    }))
    .toReversed()
}
