import {type Clock, isSameBoot} from './clock.ts'
import {goBack} from './go-back.ts'
import type {JournalReading} from './journal.ts'
import type {BeginRecord, JournalWrite} from './journal-records.ts'
import type {Session} from './session.ts'
import {writeFailureOf} from './write-failure.ts'

/** What an earlier writer has left. */
export type Recovery =
  | {readonly kind: 'nothing'}
  /** A write awaits its confirmation, and its time is not over. */
  | {readonly kind: 'pending'; readonly write: JournalWrite; readonly secondsLeft: number}
  /** A write that had not ended is finished now. */
  | {
      readonly kind: 'finished'
      readonly write: BeginRecord
      readonly state: 'before' | 'after' | 'unknown'
      readonly reason: string
      readonly operations: number
    }
  /** It is still open: the way back failed. */
  | {readonly kind: 'stuck'; readonly write: BeginRecord; readonly reason: string; readonly next: string}

/**
 * Finishes what a writer has left that ended before its write did, or whose time for confirmation is over. To be called under the lock,
 * before anything else. Nothing is done a second time.
 *
 * The rule: a write that had not ended is taken back, unless the node has exactly what was asked for, and nobody had to confirm it. What a
 * restart of the machine has taken from the kernel is not put back.
 */
export async function recover(session: Session): Promise<Recovery> {
  const {journal} = session
  const reading = await journal.read()
  const untold = await doubtful(session, reading)
  if (reading.damage !== undefined || untold) await renewJournal(session, untold)
  const open = untold ?? openWrite(reading)
  if (!open) return {kind: 'nothing'}
  const {begin, pending} = open
  if (!isSameBoot(begin.bootId, session.clock)) {
    const reason = 'the machine was restarted, which takes all rules and sets from the kernel'
    return finish(session, begin, 'unknown', 'failed', reason)
  }
  if (!pending) return takeBack(session, begin, 'its process ended before it did')
  const secondsLeft = pending.deadline - session.clock.uptimeSeconds()
  if (secondsLeft > 0) return {kind: 'pending', write: open, secondsLeft}
  return back(session, begin, 'it was not confirmed in time')
}

/** Whether there is anything to finish, found out without the lock: who holds it may change what is read here. */
export async function isRecoveryNeeded({
  journal,
  points,
  clock,
}: Pick<Session, 'journal' | 'points' | 'clock'>): Promise<boolean> {
  const reading = await journal.read()
  if (reading.damage !== undefined || (await doubtful({points}, reading))) return true
  const open = openWrite(reading)
  return open !== undefined && (open.pending === undefined || isOver(open, clock))
}

/** Whether the time for the confirmation of a write is over. */
export const isOver = ({begin, pending}: JournalWrite, clock: Clock): boolean =>
  pending !== undefined && (!isSameBoot(begin.bootId, clock) || pending.deadline <= clock.uptimeSeconds())

async function takeBack(session: Session, begin: BeginRecord, reason: string): Promise<Recovery> {
  // Where the node cannot be read, the way back says so.
  const digest = await session.read().then(
    node => node.digest,
    () => undefined,
  )
  if (digest === begin.wantedDigest && !begin.needsConfirmation)
    return finish(session, begin, 'after', 'applied', `${reason}, and all of it had been done`)
  return back(session, begin, reason)
}

async function back(session: Session, begin: BeginRecord, reason: string): Promise<Recovery> {
  const result = await goBack(session, begin, reason)
  if (result.state === 'unknown')
    return {kind: 'stuck', write: begin, reason: `${reason}, and the way back failed: ${result.message}`, next: result.next}
  return {kind: 'finished', write: begin, state: 'before', reason, operations: result.operations}
}

async function finish(
  session: Session,
  begin: BeginRecord,
  state: 'after' | 'unknown',
  outcome: 'applied' | 'failed',
  reason: string,
): Promise<Recovery> {
  try {
    await session.journal.add({kind: 'end', id: begin.id, at: session.time(), outcome, reason})
  } catch (error) {
    throw writeFailureOf('the journal', session.options.stateDir, error)
  }
  return {kind: 'finished', write: begin, state, reason, operations: 0}
}

/**
 * The newest write, when the journal does not tell of it: it is damaged, cut off, empty or lost, or the process ended between the restore point
 * and the journal. The restore point tells what it was, and the node whether it is to be taken back.
 */
async function doubtful({points}: Pick<Session, 'points'>, {writes, ended}: JournalReading): Promise<JournalWrite | undefined> {
  const [newest] = await points.ids()
  if (newest === undefined || ended.has(newest) || writes.some(({begin}) => begin.id === newest)) return undefined
  const {facts} = await points.check(newest)
  if (!facts) return undefined
  const {files: _files, node: _node, ...begin} = facts
  return {begin: {kind: 'begin', ...begin}}
}

/** Each writer finishes what it finds before it begins, so only the last write can be open. */
export function openWrite({writes}: JournalReading): JournalWrite | undefined {
  const last = writes.at(-1)
  return last?.end === undefined ? last : undefined
}

/** A damaged journal is kept beside a new one, which has what can be read of it, and the write that it does not tell of. */
async function renewJournal(session: Session, untold: JournalWrite | undefined): Promise<void> {
  try {
    await session.journal.renew(() => true, untold?.begin)
  } catch (error) {
    throw writeFailureOf('the journal', session.options.stateDir, error)
  }
}
