import {partDigest} from '../../core/plan/digest.ts'
import {hasNpmPages, NPM_PORT} from '../node/npm-pages.ts'
import {factsOf, flowsAfter, refuseWhileOpen} from './apply.ts'
import {makeChange} from './change.ts'
import type {DeniedFlows} from './denied-flows.ts'
import {goBack} from './go-back.ts'
import type {JournalWrite} from './journal-records.ts'
import {openNode} from './read-node.ts'
import type {Recovery} from './recover.ts'
import {numberOf} from './restore-points.ts'
import {type ResultFacts, refusedResult} from './results.ts'
import {sha256} from './sealed-record.ts'
import type {Session} from './session.ts'
import {refuseIfAborted, WriteFailure} from './write-failure.ts'
import type {RollbackOptions} from './writer.ts'

export interface RollbackWithFlows extends RollbackOptions {
  readonly deniedFlows: DeniedFlows
}

const LIST = 'See what there is: kubectl npm rollback --list'

/**
 * Returns to a restore point. Without one: what awaits its confirmation is taken back, else the last write that changed the node and is
 * not taken back yet. Connections that what is there again denies are counted and named, as those of any write.
 *
 * @throws WriteFailure when nothing is begun
 */
export async function rollBack(session: Session, found: Recovery, options: RollbackWithFlows): Promise<ResultFacts> {
  const {to, by, signal, deniedFlows} = options
  const npmMayRun = options.npmMayRun ?? (await hasNpmPages(NPM_PORT))
  if (found.kind === 'pending' && (to === undefined || to === found.write.begin.id))
    return takeBackPending(session, found.write, {by, deniedFlows})
  // To name a restore point is the way out when the one of an open write is damaged.
  if (found.kind !== 'stuck' || to === undefined) refuseWhileOpen(found)
  if (found.kind === 'finished' && to === undefined && found.state === 'before')
    return {id: found.write.id, outcome: 'rolledBack', state: 'before', operations: found.operations}
  const target = to ?? (await lastInForce(session))
  const point = await session.points.load(target)
  if (point.damaged !== undefined) throw await damagedPoint(session, target, point.damaged)
  const {facts} = point
  const before = await session.read(signal)
  const wanted = await openNode(session.node, point.documents, session.options.writing)
  const {writing} = before
  const {steps, leftAlone} = writing.plan(before.state, before.part, wanted.part, {npmMayRun, mostWalks: MOST_WALKS})
  const problems = leftAlone.map(({name, reason, next}) => ({
    code: 'NODE_CHANGED' as const,
    message: `${name} is left as it is: ${reason}`,
    next,
  }))
  if (steps.every(({operations}) => operations.length === 0))
    return {id: target, outcome: 'nothingToDo', state: 'after', problems}
  const after = steps.reduce((part, step) => writing.after(part, step), before.part)
  refuseIfAborted(signal)
  const wantedDigest = partDigest(after, writing, sha256)
  if (found.kind === 'stuck')
    await session.journal.add({
      kind: 'end',
      id: found.write.id,
      at: session.time(),
      outcome: 'failed',
      reason: `rollback to ${to}`,
    })
  const {backend} = facts
  const result = await makeChange(session, before, {
    verb: 'rollback',
    by,
    backend,
    steps,
    wanted: after,
    wantedDigest,
    to: target,
  })
  const done = factsOf(result)
  const flows = await flowsAfter(result, deniedFlows, false)
  return {
    ...done,
    ...(result.state === 'after' && {outcome: 'rolledBack'}),
    ...flows,
    problems: [...problems, ...done.problems, ...(flows.problems ?? [])],
  }
}

/** As of a plan that is shown: in-between states that are walked to find the shortest way. */
const MOST_WALKS = 64

async function takeBackPending(
  session: Session,
  {begin}: JournalWrite,
  {by, deniedFlows}: Pick<RollbackWithFlows, 'by' | 'deniedFlows'>,
): Promise<ResultFacts> {
  const back = await goBack(session, begin, `taken back by ${by} before it was confirmed`)
  const {id} = begin
  if (back.state === 'before') {
    const flows = await flowsAfter(back, deniedFlows, false)
    return {id, outcome: 'rolledBack', state: 'before', operations: back.operations, ...flows}
  }
  return {id, ...refusedResult(back, 'unknown'), operations: back.operations}
}

/** The newest write that changed the node and was not taken back, neither itself nor with an older one. */
async function lastInForce({journal}: Session): Promise<string> {
  const {writes} = await journal.read()
  let inForce: string[] = []
  for (const {begin, end} of writes) {
    if (end?.outcome !== 'applied' && end?.outcome !== 'confirmed') continue
    const target = numberOf(begin.to ?? '')
    if (target === undefined) inForce.push(begin.id)
    else inForce = inForce.filter(id => (numberOf(id) ?? 0) < target)
  }
  const last = inForce.at(-1)
  if (last === undefined) throw new WriteFailure('there is no write to take back', `${LIST}, and name one with --to.`)
  return last
}

async function damagedPoint(session: Session, id: string, damaged: string): Promise<WriteFailure> {
  const ids = await session.points.ids()
  if (!ids.includes(id)) return new WriteFailure(`there is no restore point ${id}`, LIST)
  for (const other of ids.slice(ids.indexOf(id) + 1)) {
    const older = await session.points.check(other)
    if (older.damaged === undefined)
      return new WriteFailure(
        `the restore point ${id} is damaged and not used: ${damaged}`,
        `The next older one is whole: kubectl npm rollback --to ${other} (before ${older.facts.verb} by ${older.facts.by}, ${older.facts.at})`,
      )
  }
  return new WriteFailure(`the restore point ${id} is damaged and not used: ${damaged}`, `No older one is whole. ${LIST}`)
}
