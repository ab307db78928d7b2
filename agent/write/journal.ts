import {constants} from 'node:fs'
import {open, readFile, rename, rm} from 'node:fs/promises'
import {join} from 'node:path'
import {renameDurable, syncFolder, writeAt, writeDurable} from './durable-file.ts'
import {faultPoint} from './fault-point.ts'
import {type BeginRecord, type JournalRecord, type JournalWrite, writesOf} from './journal-records.ts'
import {seal, unseal} from './sealed-record.ts'

/** What is kept of the journal of writes that have ended, in records. */
const MOST_RECORDS = 1000

/** The journal as it was found. */
export interface JournalReading {
  readonly writes: readonly JournalWrite[]
  /** The ids of writes that have ended, also where the line is damaged that says what they were. */
  readonly ended: ReadonlySet<string>
  /** What cannot be read of it, and where. */
  readonly damage?: string
}

interface Found extends JournalReading {
  readonly records: readonly JournalRecord[]
  /** How much of the file is whole lines. */
  readonly bytes: number
}

/**
 * What writers of this node have begun, and how it ended: one line for each record, with a checksum, on the disk before what it announces
 * happens. Who reads it without the lock may see it change; only who has the lock writes.
 */
export class Journal {
  private readonly stateDir: string
  private readonly path: string
  private bytes: number | undefined

  constructor(stateDir: string) {
    this.stateDir = stateDir
    this.path = join(stateDir, 'journal.jsonl')
  }

  async read(): Promise<JournalReading> {
    return this.find()
  }

  /**
   * Adds a record, and returns when it is on the disk. A line that a crash cut off is removed first: what it would have announced has
   * not happened.
   *
   * @throws Error of the file system; the journal is then as before
   */
  async add(record: JournalRecord): Promise<void> {
    this.bytes ??= (await this.find()).bytes
    const line = seal(record)
    faultPoint(`before the journal says ${record.kind}`)
    // Not to append: such a file of Windows cannot be cut. Source: SetEndOfFile, which needs FILE_WRITE_DATA
    await using file = await open(this.path, constants.O_RDWR | constants.O_CREAT, 0o600)
    const isNew = this.bytes === 0
    try {
      await file.truncate(this.bytes)
      await writeAt(file, Buffer.from(line), this.bytes)
      faultPoint(`before the journal's ${record.kind} is synced`)
      await file.sync()
      if (isNew) await syncFolder(this.stateDir)
    } catch (error) {
      await file.truncate(this.bytes).catch(() => undefined)
      throw error
    }
    faultPoint(`after the journal says ${record.kind}`)
    this.bytes += Buffer.byteLength(line)
  }

  /**
   * Writes the journal anew, with what can be read of it and belongs to some of the writes. A damaged one is kept beside it, for people.
   *
   * @param isKept by the id of a write
   * @param added what else it is to say, if it does not yet
   */
  async renew(isKept: (id: string) => boolean, added?: BeginRecord): Promise<void> {
    const {records, damage} = await this.find()
    const temporary = `${this.path}.new`
    await rm(temporary, {force: true})
    const kept = records.filter(({id}) => isKept(id))
    if (added && !kept.some(({kind, id}) => kind === 'begin' && id === added.id)) kept.push(added)
    await writeDurable(temporary, kept.map(seal))
    if (damage !== undefined) await rename(this.path, `${this.path}.damaged`).catch(() => undefined)
    await renameDurable(temporary, this.path)
    this.bytes = undefined
  }

  /** Keeps the journal small. To be called when no write is open. */
  async trim(isKept: (id: string) => boolean): Promise<void> {
    const {records} = await this.find()
    if (records.length > MOST_RECORDS) await this.renew(id => isKept(id))
  }

  private async find(): Promise<Found> {
    const content = await readFile(this.path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return Buffer.alloc(0)
      throw error
    })
    const bytes = content.lastIndexOf('\n') + 1
    const whole = content.toString('utf8', 0, bytes)
    const records: JournalRecord[] = []
    const damaged: number[] = []
    for (const [index, line] of whole.split('\n').slice(0, -1).entries()) {
      const record = unseal(line)
      if (record === undefined) damaged.push(index + 1)
      else records.push(record as JournalRecord)
    }
    const [first] = damaged
    const damage = first === undefined ? {} : {damage: `${this.path}: line ${first} is damaged`}
    const ended = new Set(records.filter(({kind}) => kind === 'end').map(({id}) => id))
    return {records, writes: writesOf(records), ended, bytes, ...damage}
  }
}
