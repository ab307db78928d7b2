import {rm} from 'node:fs/promises'
import type {NpmPart, PlannedStep} from '../../core/dataplane/plan.ts'
import {partDigest} from '../../core/plan/digest.ts'
import {goBack} from './go-back.ts'
import type {BeginRecord, WrittenBackend} from './journal-records.ts'
import type {FoundPart, LaterNode, ReadNode} from './read-node.ts'
import {nextId, type RestorePointDraft} from './restore-points.ts'
import {sha256} from './sealed-record.ts'
import type {Session} from './session.ts'
import {writeFailureOf} from './write-failure.ts'

/** What is to be done with a node, as far as a plan says it. */
export interface PlannedChange {
  readonly verb: 'apply' | 'rollback'
  readonly by: string
  readonly backend: WrittenBackend
  readonly steps: readonly PlannedStep[]
  readonly planDigest?: string
  readonly wantedDigest: string
  readonly confirmWithinMs?: number | undefined
  readonly endDeniedFlows?: boolean | undefined
  /** The restore point that a rollback returns to. */
  readonly to?: string
  /** Called when all steps are done, and the node is being read again. Never throws. */
  readonly whenDone?: (() => void) | undefined
}

export interface Change extends PlannedChange {
  /** What the steps lead to. */
  readonly wanted: NpmPart
}

/** A change whose restore point is being written. Until it is made, nothing of it is there. */
export interface ChangeDraft {
  readonly begin: BeginRecord
  readonly point: RestorePointDraft
}

/** What failed, and at which operation. Step 0: before the first one. */
export interface ChangeFailure {
  readonly step: number
  readonly operation: string
  readonly message: string
  readonly next: string
}

/** How it ended. */
export interface ChangeResult {
  readonly id: string
  readonly restorePoint: string
  readonly operations: number
  readonly state: 'before' | 'after' | 'unknown'
  /** The node after it, when the state is `after`. */
  readonly node?: LaterNode
  /** Somebody else has changed something of Azure NPM's meanwhile. */
  readonly isDisturbed?: true
  readonly failure?: ChangeFailure
}

const SECOND = 1000

/**
 * Does it as a transaction: the restore point is on the disk, then the journal says that it begins, and then each step; at the end the node
 * is read again and has to be what was asked for. Whatever fails, the node goes back.
 *
 * @param before the node as it was read under the lock
 * @param drafted of the same change
 * @throws WriteFailure when it cannot begin; then nothing was changed
 */
export async function makeChange(
  session: Session,
  before: ReadNode,
  change: Change,
  drafted?: ChangeDraft,
): Promise<ChangeResult> {
  const {begin, restorePoint} = await beginChange(session, drafted ?? (await draftChange(session, before, change)))
  const {id} = begin
  let operations = 0
  let at = 0
  const failed = (message: string, next: string, operation = ''): ChangeFailure => ({step: at, operation, message, next})
  let failure: ChangeFailure | undefined
  try {
    for (const [index, step] of change.steps.entries()) {
      at = index + 1
      await session.journal.add({kind: 'step', id, step: at})
      const fault = await session.run(step, change.backend, before.writing)
      if (fault) {
        failure = failed(fault.message, fault.next, fault.operation)
        break
      }
      operations += step.operations.length
    }
    if (!failure) {
      const {wanted, wantedDigest} = change
      const hasSameRules = change.steps.every(({tool}) => tool === 'ipset')
      const asked = {writing: before.writing, part: wanted, digest: wantedDigest}
      const node = await session.verify(asked, hasSameRules ? before : undefined, change.whenDone)
      const isExact = node.digest === wantedDigest
      if (isExact || isCarried(node, before, change)) {
        await endChange(session, id, change)
        return {id, restorePoint, operations, state: 'after', node, ...(!isExact && {isDisturbed: true as const})}
      }
      failure = failed(
        'all operations were done, and the node is still not what was asked for: something else writes to it at the same time',
        'Plan again. If it stays so, look for who writes: kubectl npm diff',
      )
    }
  } catch (error) {
    const {message, next} = writeFailureOf('the journal', session.options.stateDir, error)
    failure = failed(message, next)
  }
  const back = await goBack(session, begin, failure.message)
  if (back.state === 'before') return {id, restorePoint, operations: 0, state: 'before', failure}
  const message = `${failure.message}. The way back failed, too: ${back.message}`
  return {id, restorePoint, operations, state: 'unknown', failure: {...failure, message, next: back.next}}
}

/** Whether all that was asked for is there, whatever somebody else has changed meanwhile. */
function isCarried({writing, part, digest}: FoundPart, before: ReadNode, {steps, wanted}: Change): boolean {
  return partDigest(writing.carriedOver(part, before.part, wanted, steps), writing, sha256) === digest
}

/** Begins to write the restore point of a change, which may then still be checked. */
export async function draftChange(session: Session, before: ReadNode, change: PlannedChange): Promise<ChangeDraft> {
  const {journal, points, clock, node} = session
  const {verb, by, backend, steps, planDigest, wantedDigest, to, confirmWithinMs} = change
  const known = [...(await points.ids()), ...(await journal.read()).writes.map(({begin}) => begin.id)]
  const facts = {
    id: nextId(known, clock.now()),
    verb,
    by,
    at: session.time(),
    bootId: clock.bootId(),
    backend,
    nodeDigest: before.digest,
    wantedDigest,
    ...(planDigest !== undefined && {planDigest}),
    ...(confirmWithinMs !== undefined && {needsConfirmation: true as const}),
    ...(to !== undefined && {to}),
  }
  const point = await points.draft({...facts, node}, {files: before.files, steps, version: session.options.version})
  return {begin: {kind: 'begin', ...facts}, point}
}

async function beginChange(
  {journal, points, options}: Session,
  {begin, point}: ChangeDraft,
): Promise<{begin: BeginRecord; restorePoint: string}> {
  const restorePoint = await point.keep()
  try {
    await points.prune()
    const kept = new Set(await points.ids())
    await journal.trim(id => kept.has(id))
    await journal.add(begin)
  } catch (error) {
    // What the journal has begun keeps its way back, also where nobody was told that it is on the disk.
    const hasBegun = await journal.read().then(
      ({writes}) => writes.some(({begin: {id}}) => id === begin.id),
      () => true,
    )
    if (!hasBegun) await rm(restorePoint, {recursive: true, force: true}).catch(() => undefined)
    throw writeFailureOf('the journal', options.stateDir, error)
  }
  return {begin, restorePoint}
}

async function endChange(session: Session, id: string, change: Change): Promise<void> {
  const {confirmWithinMs, endDeniedFlows} = change
  const at = session.time()
  if (confirmWithinMs === undefined) return session.journal.add({kind: 'end', id, at, outcome: 'applied'})
  const deadline = session.clock.uptimeSeconds() + confirmWithinMs / SECOND
  await session.journal.add({kind: 'pending', id, at, deadline, ...(endDeniedFlows && {endDeniedFlows: true})})
}
