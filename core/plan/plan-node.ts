import type {IncompletePart} from '../contract/common.ts'
import type {Plan, PlanOperation, PlanStep, Untouched} from '../contract/plan.ts'
import {API_VERSION} from '../contract/version.ts'
import type {NodeState, NodeWriting} from '../dataplane/dataplane.ts'
import type {NpmPart, PlannedStep, PlannedSteps} from '../dataplane/plan.ts'
import {InputError} from '../problem/input-error.ts'
import type {Problem} from '../problem/problem.ts'
import {partDigest, planDigest} from './digest.ts'
import {mayRun, npmPresence} from './npm-presence.ts'
import {otherEngines} from './other-engines.ts'
import {type Place, placeNotes, requirePlace, untouchedHere} from './place.ts'
import {NO_EFFECT, StepEffects} from './step-effects.ts'
import type {PlanNodeOptions, Wanted} from './wanted.ts'
import {type WantedPart, wantedPart} from './wanted-part.ts'

/** In-between states that are walked to find a shorter plan. */
const MOST_WALKS = 64

/**
 * Plans what makes a node what it is to be. Nothing is planned where the input is not whole: then `incomplete` says of what, and
 * there are no operations. Where nothing is to be done, there are no operations either.
 *
 * @param node as it is, with what is known of the cluster
 * @param inputProblems of the input as a whole
 * @throws InputError for what is asked and cannot be: another engine's node, a name that is not known, semantics that Azure NPM
 *   would undo
 */
export function planNode(
  node: NodeState,
  wanted: Wanted,
  options: PlanNodeOptions,
  inputProblems: readonly Problem[] = [],
): Plan {
  const {surroundings = {}, writing} = options
  if (node.isForetold)
    throw new InputError('no node was read: there is nothing to change', 'Give a node: --node, --local or --from.')
  const known = wanted.kind === 'policies' && wanted.cluster ? node.with({cluster: wanted.cluster}) : node
  const place: Place = {node: known, presence: npmPresence(node, surroundings), engines: otherEngines(node, surroundings)}
  requirePlace(place, wanted, options)
  const found = writing.partOf(known)
  if ('incomplete' in found) return unplanned(known, wanted, found.incomplete, inputProblems)
  const asked = wantedPart(known, wanted, options)
  if ('incomplete' in asked) return unplanned(known, wanted, asked.incomplete, inputProblems)
  const npmMayRun = mayRun(place.presence)
  const {steps, leftAlone} = writing.plan(known, found, asked.part, {npmMayRun, mostWalks: options.mostWalks ?? MOST_WALKS})
  return documented({steps, leftAlone, found, asked, place, wanted, options, inputProblems})
}

/** What was planned, with what the document says beside it. */
interface Planned extends PlannedSteps {
  readonly found: NpmPart
  readonly asked: WantedPart
  readonly place: Place
  readonly wanted: Wanted
  readonly options: PlanNodeOptions
  readonly inputProblems: readonly Problem[]
}

function documented({steps, leftAlone, found, asked, place, wanted, options, inputProblems}: Planned): Plan {
  const {writing, sha256, narrowedTo} = options
  const {node} = place
  const {documents, last} = stepsOf(steps, found, node, writing)
  const operations = steps.flatMap((step, at) => step.operations.map(each => ({...each, step: at + 1, tool: step.tool})))
  const plan: Omit<Plan, 'digest'> = {
    ...headOf(node, wanted),
    nodeDigest: partDigest(found, writing, sha256),
    wantedDigest: partDigest(last, writing, sha256),
    ...(narrowedTo && {narrowedTo: [...asked.narrowedTo]}),
    steps: documents,
    operations: operations.map(({step, tool, line, undo, ...words}, at): PlanOperation => {
      const {reason, policy, name} = words
      const whose = {...(policy !== undefined && {policy}), ...(name !== undefined && {name})}
      return {order: at + 1, step, tool, line, undo, reason, ...whose}
    }),
    untouched: [...leftAlone, ...asked.untouched, ...untouchedHere(place, wanted)].map((each): Untouched => ({...each})),
    notes: [...asked.notes, ...placeNotes(place, wanted, operations.length > 0, writing)],
    summary: {
      operations: operations.length,
      opens: documents.filter(({effect}) => effect === 'opens' || effect === 'both').length,
      closes: documents.filter(({effect}) => effect === 'closes' || effect === 'both').length,
    },
    incomplete: [],
    problems: problemsOf(node, inputProblems),
  }
  return {...plan, digest: planDigest(plan, sha256)}
}

/** The steps with what each does to packets, and the part that the node has behind the last one. */
function stepsOf(
  steps: readonly PlannedStep[],
  found: NpmPart,
  node: NodeState,
  writing: NodeWriting,
): {readonly documents: PlanStep[]; readonly last: NpmPart} {
  const effects = new StepEffects(node)
  let part = found
  let last: {readonly part: NpmPart; readonly node: NodeState} | undefined
  const nodeOf = (its: NpmPart): NodeState => {
    if (last?.part !== its) last = {part: its, node: writing.nodeWith(node, its)}
    return last.node
  }
  const documents = steps.map((step, at): PlanStep => {
    const before = part
    part = writing.after(before, step)
    const {tool, backend, isAtomic, why, isOfSets = false} = step
    const effect = step.isUnseen ? NO_EFFECT : effects.between(nodeOf(before), nodeOf(part), isOfSets)
    return {order: at + 1, tool, ...(backend && {backend}), isAtomic, why, ...effect}
  })
  return {documents, last: part}
}

const headOf = (
  node: NodeState,
  wanted: Wanted,
): Pick<Plan, 'apiVersion' | 'kind' | 'node' | 'backend' | 'wanted' | 'semantics'> => ({
  apiVersion: API_VERSION,
  kind: 'Plan',
  node: node.node,
  backend: backendOf(node),
  wanted: wanted.kind,
  ...(wanted.kind === 'policies' && {semantics: wanted.semantics ?? 'npm'}),
})

function backendOf(node: NodeState): Plan['backend'] {
  const {backend} = node.translation().facts
  return backend === 'unknown' ? 'nft' : backend
}

const problemsOf = (node: NodeState, inputProblems: readonly Problem[]): Problem[] => [
  ...inputProblems,
  // That nothing of Azure NPM is there is what a plan is made for.
  ...node.translation().facts.problems.filter(({code}) => code !== 'NPM_ABSENT'),
]

/** Of half an input nothing is planned. */
const unplanned = (
  node: NodeState,
  wanted: Wanted,
  incomplete: readonly IncompletePart[],
  inputProblems: readonly Problem[],
): Plan => ({
  ...headOf(node, wanted),
  nodeDigest: '',
  wantedDigest: '',
  digest: '',
  steps: [],
  operations: [],
  untouched: [],
  notes: [],
  summary: {operations: 0, opens: 0, closes: 0},
  incomplete: incomplete.map(({part, state, reason, next}) => ({part, state, reason, next})),
  problems: problemsOf(node, inputProblems),
})
