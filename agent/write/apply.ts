import {setImmediate as turn} from 'node:timers/promises'
import type {Plan} from '../../core/contract/plan.ts'
import type {WriteResult} from '../../core/contract/writes.ts'
import type {DataPlaneName} from '../../core/dataplane/dataplane.ts'
import type {NpmPart, PlannedStep} from '../../core/dataplane/plan.ts'
import type {DeniedConnection, FoundFlows} from '../../core/flows/find-denied.ts'
import {partDigest, planDigest} from '../../core/plan/digest.ts'
import {plannedSteps} from '../../core/plan/planned-steps.ts'
import {type ChangeResult, draftChange, makeChange, type PlannedChange} from './change.ts'
import type {DeniedFlows} from './denied-flows.ts'
import {faultPoint} from './fault-point.ts'
import {flowsBeside} from './flows-beside.ts'
import type {ReadNode} from './read-node.ts'
import type {Recovery} from './recover.ts'
import type {ResultFacts} from './results.ts'
import {sha256} from './sealed-record.ts'
import type {Session} from './session.ts'
import {refuseIfAborted, WriteFailure} from './write-failure.ts'
import type {ApplyOptions} from './writer.ts'

const SYSTEMS: Readonly<Record<DataPlaneName, string>> = {linux: 'Linux', windows: 'Windows'}

const AGAIN = 'Plan again: kubectl npm apply --dry-run'

export interface ApplyWithFlows extends ApplyOptions {
  readonly deniedFlows: DeniedFlows
}

/**
 * Runs a plan, if the node is still what the plan was made for.
 *
 * @throws WriteFailure when nothing is begun
 */
export async function applyPlan(session: Session, found: Recovery, plan: Plan, options: ApplyWithFlows): Promise<ResultFacts> {
  refuseWhileOpen(found)
  const {by, signal, confirmWithinMs, endDeniedFlows, deniedFlows} = options
  checkPlan(plan, session.node)
  const missing = endDeniedFlows ? await deniedFlows.missing() : undefined
  if (missing !== undefined)
    throw new WriteFailure(
      `connections cannot be ended here: ${missing}`,
      plan.backend === 'hns'
        ? 'Apply without --end-denied-flows, and start pods again whose connections must end.'
        : 'Apply without --end-denied-flows, and see: kubectl npm flows denied',
    )
  const isOfSets = plan.steps.every(({tool}) => tool === 'ipset')
  const before = await session.readAgain(isOfSets, signal)
  const {backend} = plan
  const meant = backend === 'hns' ? 'windows' : 'linux'
  const here = before.state.dataPlane.name
  if (meant !== here)
    throw new WriteFailure(`the plan is for a node of ${SYSTEMS[meant]}, and this is one of ${SYSTEMS[here]}`, AGAIN)
  if (before.digest !== plan.nodeDigest) throw new WriteFailure(changedMessage(found), AGAIN)
  const steps = plannedSteps(plan)
  if (steps.every(({operations}) => operations.length === 0)) {
    await checkSteps(before, steps, plan.wantedDigest)
    refuseIfAborted(signal)
    return {
      outcome: 'nothingToDo',
      state: 'after',
      ...(endDeniedFlows && (await flowsAfter({node: before}, deniedFlows, true))),
    }
  }
  const change: PlannedChange = {
    verb: 'apply',
    by,
    backend,
    steps,
    planDigest: plan.digest,
    wantedDigest: plan.wantedDigest,
    confirmWithinMs,
    endDeniedFlows,
  }
  using beside = flowsBeside(deniedFlows)
  const result = await makeChecked(session, before, {...change, whenDone: () => beside.begin()}, signal)
  const isPending = result.state === 'after' && confirmWithinMs !== undefined
  const facts = factsOf(result)
  const flows = await flowsAfter(result, beside, endDeniedFlows === true && !isPending)
  return {
    ...facts,
    ...(result.state === 'after' && {outcome: isPending ? 'awaitingConfirmation' : 'applied'}),
    ...(isPending && {confirmWithinMs}),
    ...flows,
    problems: [...facts.problems, ...(flows.problems ?? [])],
  }
}

/** The restore point goes to the disk while the lines are checked, and nothing is written to the node before both are done. */
async function makeChecked(
  session: Session,
  before: ReadNode,
  change: PlannedChange,
  signal: AbortSignal | undefined,
): Promise<ChangeResult> {
  const drafted = await draftChange(session, before, change)
  let wanted: NpmPart
  try {
    wanted = await checkSteps(before, change.steps, change.wantedDigest)
    faultPoint('after a plan is checked')
    refuseIfAborted(signal)
  } catch (error) {
    await drafted.point.drop()
    throw error
  }
  return makeChange(session, before, {...change, wanted}, drafted)
}

/** A write that is open is not built upon. */
export function refuseWhileOpen(found: Recovery): void {
  if (found.kind === 'stuck')
    throw new WriteFailure(`the write ${found.write.id} of ${found.write.by} did not end: ${found.reason}`, found.next)
  if (found.kind === 'pending')
    throw new WriteFailure(
      `the write ${found.write.begin.id} of ${found.write.begin.by} awaits its confirmation, for ${Math.ceil(found.secondsLeft)} s more`,
      'Confirm it (kubectl npm confirm) or take it back (kubectl npm rollback) first.',
    )
}

const changedMessage = (found: Recovery): string =>
  `the node is not any more what it was when the plan was made${
    found.kind === 'finished' ? ': a write that had not ended was taken back just now' : ''
  }`

/** What can be told of a plan without the node. A plan comes over the wire, or from a file. */
function checkPlan(plan: Plan, node: string): void {
  if (plan.node !== node) throw new WriteFailure(`the plan is for node ${plan.node}, and this is ${node}`, 'Give it to its node.')
  if (plan.incomplete.length > 0)
    throw new WriteFailure(`nothing was planned: ${plan.incomplete[0]?.reason ?? 'the input was not whole'}`, AGAIN)
  if (planDigest(plan, sha256) !== plan.digest)
    throw new WriteFailure('the plan was changed after it was made: its digest is not that of its operations', AGAIN)
}

/**
 * A forged plan can do no more than a plan of ours: the lines are checked, and lead to what the plan says they do. Between parts of that
 * work what waits for this thread has its turn, such as the restore point on its way to the disk.
 *
 * @returns what they lead to
 */
async function checkSteps(
  {writing, part}: Pick<ReadNode, 'writing' | 'part'>,
  steps: readonly PlannedStep[],
  wantedDigest: string,
): Promise<NpmPart> {
  const refusal = writing.refusal(steps) ?? multiline(steps)
  if (refusal !== undefined) throw new WriteFailure(`the plan is refused: ${refusal}`, AGAIN)
  let after = part
  try {
    for (const step of steps) {
      await turn()
      after = writing.after(after, step)
    }
    await turn()
  } catch (error) {
    throw new WriteFailure(`the plan is refused: a tool would fail: ${(error as Error).message}`, AGAIN)
  }
  if (partDigest(after, writing, sha256) !== wantedDigest)
    throw new WriteFailure('the plan is refused: its operations do not lead to what it says they do', AGAIN)
  return after
}

function multiline(steps: readonly PlannedStep[]): string | undefined {
  const found = steps.flatMap(({operations}) => operations).find(({line}) => /[\0-\x1f\x7f]/.test(line))
  return found && `an operation has control characters: ${JSON.stringify(found.line)}`
}

const DISTURBED = {
  code: 'NODE_CHANGED',
  message: 'something else, as Azure NPM does, has changed sets or rules of Azure NPM meanwhile; that was left as it is',
  next: 'See whether anything is left to do: kubectl npm diff',
} as const

/** What every change tells. */
export function factsOf({
  id,
  restorePoint,
  operations,
  state,
  failure,
  isDisturbed,
}: ChangeResult): ResultFacts & Pick<WriteResult, 'problems'> {
  return {
    problems: isDisturbed ? [DISTURBED] : [],
    id,
    restorePoint,
    operations,
    state,
    outcome: failure ? 'failed' : 'applied',
    ...(failure && {failedAt: failure}),
  }
}

/** Connections that go on, and whether they were ended. They are no reason to take a write back. */
export async function flowsAfter(
  {node}: Pick<ChangeResult, 'node'>,
  flows: Pick<DeniedFlows, 'find' | 'end'>,
  isToEnd: boolean,
): Promise<Partial<ResultFacts>> {
  if (!node) return {}
  let found: FoundFlows | undefined
  try {
    found = await flows.find(node.open)
    const ended = isToEnd && found.denied.length > 0 ? await flows.end(found.denied) : undefined
    return flowFacts(found, ended)
  } catch (error) {
    const what = found ? 'ended' : 'found'
    const message = `connections that go on could not be ${what}: ${(error as Error).message}`
    const next = 'Look at them: kubectl npm flows denied'
    return {...(found && flowFacts(found, new Set())), problems: [{code: 'TOOL_FAILED', message, next}]}
  }
}

/** So many connections are named. A result has to pass through one message. */
const MOST_NAMED = 1000

/** @param ended those that do not go on any more; undefined when none was to be ended */
function flowFacts(found: FoundFlows, ended: ReadonlySet<DeniedConnection> | undefined): Partial<ResultFacts> {
  const named = found.denied.slice(0, MOST_NAMED)
  return {
    deniedFlows: named.map(each => (ended ? {...each.flow, ended: ended.has(each)} : each.flow)),
    flowCounts: {denied: found.denied.length, ended: ended?.size ?? 0, unknown: found.counts.unknown},
  }
}
