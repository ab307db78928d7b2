import {flowsAfter} from './apply.ts'
import type {DeniedFlows} from './denied-flows.ts'
import type {JournalWrite} from './journal-records.ts'
import type {Recovery} from './recover.ts'
import type {ResultFacts} from './results.ts'
import type {Session} from './session.ts'
import {WriteFailure, writeFailureOf} from './write-failure.ts'
import type {ConfirmOptions} from './writer.ts'

const STATUS = 'See what was written: kubectl npm rollback --list'

/** The write that is meant, or the last one. */
async function lastWrite({journal}: Session, id: string | undefined): Promise<JournalWrite | undefined> {
  const {writes} = await journal.read()
  return id === undefined ? writes.at(-1) : writes.find(({begin}) => begin.id === id)
}

/** Whoever confirms too late, or a second time, is told what became of the write. */
function nothingPending(write: JournalWrite | undefined): WriteFailure {
  const {begin, end} = write ?? {}
  if (begin?.needsConfirmation && end?.outcome === 'confirmed')
    return new WriteFailure(`no write awaits a confirmation: ${begin.id} is confirmed already, since ${end.at}`, STATUS)
  if (begin?.needsConfirmation && end?.outcome === 'rolledBack')
    return new WriteFailure(
      `no write awaits a confirmation: ${begin.id} was taken back at ${end.at}${end.reason === undefined ? '' : `: ${end.reason}`}`,
      'Plan and apply it again.',
    )
  return new WriteFailure('no write awaits a confirmation', STATUS)
}

/**
 * Keeps a write that would be taken back otherwise.
 *
 * @throws WriteFailure when none awaits it, or another one does than is meant
 */
export async function confirmWrite(
  session: Session,
  found: Recovery,
  {id, by, deniedFlows}: ConfirmOptions & {readonly deniedFlows: DeniedFlows},
): Promise<ResultFacts> {
  if (found.kind === 'finished' && found.state !== 'after')
    throw new WriteFailure(`the write ${found.write.id} is taken back: ${found.reason}`, 'Plan and apply it again.')
  if (found.kind === 'stuck') throw new WriteFailure(found.reason, found.next)
  if (found.kind !== 'pending') throw nothingPending(await lastWrite(session, id))
  const {begin, pending} = found.write
  if (id !== undefined && id !== begin.id)
    throw new WriteFailure(`the write ${id} awaits no confirmation; ${begin.id} of ${begin.by} does`, STATUS)
  try {
    await session.journal.add({kind: 'end', id: begin.id, at: session.time(), outcome: 'confirmed', by})
  } catch (error) {
    throw writeFailureOf('the confirmation', session.options.stateDir, error)
  }
  const node = pending?.endDeniedFlows ? await session.read().catch(() => undefined) : undefined
  const {planDigest} = begin
  return {
    id: begin.id,
    outcome: 'confirmed',
    state: 'after',
    restorePoint: session.points.pathOf(begin.id),
    ...(planDigest !== undefined && {planDigest}),
    ...(node && (await flowsAfter({node}, deniedFlows, true))),
  }
}
