import type {RestorePoint, WriteStatus} from '../../core/contract/writes.ts'
import {type Clock, isSameBoot} from './clock.ts'
import {Journal} from './journal.ts'
import type {JournalWrite} from './journal-records.ts'
import {openWrite} from './recover.ts'
import type {RestorePoints} from './restore-points.ts'

export interface WriteStatusOptions {
  readonly stateDir: string
  readonly clock: Clock
  /** Undefined where nobody asks for them: each is read as a whole, to know that it is not damaged. */
  readonly points: RestorePoints | undefined
}

/**
 * What the folder says of writes. Reads without the lock: what another process does meanwhile may be in it by halves.
 *
 * @param stuck why an interrupted write could not be taken back
 */
export async function writeStatus(
  {stateDir, clock, points}: WriteStatusOptions,
  stuck: string | undefined,
): Promise<WriteStatus> {
  const reading = await new Journal(stateDir).read()
  const writes = new Map(reading.writes.map(write => [write.begin.id, write]))
  const restorePoints: RestorePoint[] = []
  for (const id of (await points?.ids()) ?? []) {
    const {facts, damaged} = (await points?.check(id)) ?? {}
    restorePoints.push({
      id,
      takenAt: facts?.at ?? new Date(0).toISOString(),
      by: facts?.by ?? 'unknown',
      verb: facts?.verb ?? 'unknown',
      ...outcomeOf(writes.get(id)),
      ...(facts?.planDigest !== undefined && {planDigest: facts.planDigest}),
      ...(damaged !== undefined && {damaged}),
    })
  }
  const pending = pendingOf(openWrite(reading), clock)
  return {...(pending && {pending}), ...(stuck !== undefined && {interrupted: stuck}), restorePoints}
}

function pendingOf(open: JournalWrite | undefined, clock: Clock): WriteStatus['pending'] {
  if (!open?.pending || !isSameBoot(open.begin.bootId, clock)) return undefined
  const {id, by} = open.begin
  return {id, by, since: open.pending.at, secondsLeft: Math.max(0, open.pending.deadline - clock.uptimeSeconds())}
}

function outcomeOf(write: JournalWrite | undefined): Pick<RestorePoint, 'outcome' | 'reason'> {
  if (!write) return {outcome: 'notBegun'}
  const {end, pending} = write
  if (end) return {outcome: end.outcome, ...(end.reason !== undefined && {reason: end.reason})}
  return {outcome: pending ? 'awaitingConfirmation' : 'open'}
}
