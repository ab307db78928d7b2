import type {Plan} from '../../core/contract/plan.ts'

/** What is written to: a back end of iptables, or HNS. */
export type WrittenBackend = Plan['backend']

/** What the journal says, each before it happens. */
export type JournalRecord = BeginRecord | StepRecord | BackRecord | PendingRecord | EndRecord

/** A write begins. Its restore point, of the same id, is on the disk. */
export interface BeginRecord {
  readonly kind: 'begin'
  /** A number that grows by one, and the time. */
  readonly id: string
  readonly verb: 'apply' | 'rollback'
  readonly by: string
  readonly at: string
  /** Of the machine's start: nothing of a kernel's rules is left after the next one. */
  readonly bootId: string
  readonly backend: WrittenBackend
  readonly planDigest?: string
  /** Of the node before and after the write. */
  readonly nodeDigest: string
  readonly wantedDigest: string
  /** The node goes back unless it is confirmed: a crash before the time begins takes the write back, however far it had come. */
  readonly needsConfirmation?: true
  /** Of a rollback: the restore point that it returns to. */
  readonly to?: string
}

/** A step is run next. */
export interface StepRecord {
  readonly kind: 'step'
  readonly id: string
  readonly step: number
}

/** The node goes back to what it had before the write. */
export interface BackRecord {
  readonly kind: 'back'
  readonly id: string
  readonly reason: string
}

/** All is done and awaits its confirmation. */
export interface PendingRecord {
  readonly kind: 'pending'
  readonly id: string
  readonly at: string
  /** The node goes back at this time, in seconds since the start of the machine. */
  readonly deadline: number
  readonly endDeniedFlows?: true
}

/** The write has ended. */
export interface EndRecord {
  readonly kind: 'end'
  readonly id: string
  readonly at: string
  readonly outcome: 'applied' | 'confirmed' | 'rolledBack' | 'failed'
  readonly by?: string
  readonly reason?: string
}

/** A write as the journal tells it. */
export interface JournalWrite {
  readonly begin: BeginRecord
  readonly pending?: PendingRecord
  readonly end?: EndRecord
}

/** The writes of a journal, oldest first. */
export function writesOf(records: readonly JournalRecord[]): JournalWrite[] {
  const writes = new Map<string, JournalWrite>()
  for (const record of records) {
    if (record.kind === 'begin') writes.set(record.id, {begin: record})
    const write = writes.get(record.id)
    if (!write) continue
    if (record.kind === 'pending') writes.set(record.id, {...write, pending: record})
    if (record.kind === 'end') writes.set(record.id, {...write, end: record})
  }
  return [...writes.values()]
}
