import {randomUUID} from 'node:crypto'
import type {AgentStatus, Snapshot, SnapshotPiece} from '../../core/contract/agent.ts'
import type {NodeDocument} from '../../core/contract/node-documents.ts'
import {Concurrency} from '../limits/concurrency.ts'
import type {Limits} from '../limits/limits.ts'
import {refused} from '../limits/refusal.ts'
import type {DocumentReader} from '../node/document-reader.ts'
import {BackendDetector} from './backend-detector.ts'
import {BufferedDocument} from './buffered-document.ts'
import {type BufferedSnapshot, BufferedSnapshots} from './buffered-snapshots.ts'

/** The client that reads: whether it is still connected, and when it can take more. */
export interface PieceReader {
  readonly signal: AbortSignal
  turn(): Promise<void>
}

export interface FinishedRead {
  readonly at: string
  readonly documents: readonly string[]
  readonly durationMs: number
  readonly problems: readonly string[]
  readonly backend: AgentStatus['backend']
}

export interface SnapshotOptions {
  readonly node: string
  readonly limits: Limits
  readonly readers: (asked: readonly NodeDocument[]) => Promise<Map<NodeDocument, DocumentReader>>
  readonly onRead: (read: FinishedRead) => void
}

/** The reads that are running or buffered for clients. */
export class Snapshots {
  private readonly options: SnapshotOptions
  private readonly buffered: BufferedSnapshots
  private readonly opening = new Map<string, Promise<BufferedSnapshot>>()
  /** Owners whose snapshot is being opened. */
  private readonly coming: (string | undefined)[] = []
  private readonly reads: Concurrency
  private readonly sweeper: NodeJS.Timeout

  constructor(options: SnapshotOptions) {
    const {limits} = options
    this.options = options
    this.buffered = new BufferedSnapshots(limits)
    this.reads = new Concurrency(limits.reads, limits.waitingReads)
    this.sweeper = setInterval(() => this.buffered.sweep(), Math.min(limits.snapshotMs / 4, 5000)).unref()
  }

  /** How many bytes are buffered. */
  get bufferedBytes(): number {
    return this.buffered.bufferedBytes
  }

  /**
   * Starts to read documents. A client that asks for the same shortly after shares the read that is running.
   *
   * @param owner who asks, for its share; undefined for root and for the agent itself, who have none
   * @throws RefusedError `TOO_MANY` when the owner has its share, or too many reads are running, or buffered and open
   */
  async open(asked: readonly NodeDocument[], owner?: string): Promise<Snapshot> {
    const {snapshotsOfToken} = this.options.limits
    if (owner !== undefined && this.heldBy(owner) >= snapshotsOfToken)
      throw refused('TOO_MANY', `${snapshotsOfToken} dumps of this node are open for this token`, 'Close one of them first.')
    const snapshot = this.shared(asked) ?? (await this.comes(owner, () => this.openNew(asked, owner)))
    snapshot.holders.push(owner)
    snapshot.usedMs = performance.now()
    const documents = [...snapshot.documents.keys()].filter(name => asked.includes(name))
    return {id: snapshot.id, node: this.options.node, takenAt: snapshot.takenAt.toISOString(), documents}
  }

  /**
   * The piece of a document at `offset`, in bytes of its gzip stream. Waits for the tool, then until the client can take it.
   *
   * @throws RefusedError `NO_SNAPSHOT` when there is no such snapshot, or it has no such document
   */
  async piece(id: string, name: NodeDocument, offset: number, reader: PieceReader): Promise<SnapshotPiece> {
    const snapshot = this.buffered.find(id)
    const document = documentOf(snapshot, name)
    snapshot.waiting++
    try {
      await document.reaches(offset, reader.signal)
      await reader.turn()
      this.buffered.find(id)
      const {bytes, isEnd} = document.piece(offset, this.options.limits.pieceBytes)
      const {command = '', durationMs = 0, problems = []} = (isEnd && document.end) || {}
      return {
        base64: bytes.toString('base64'),
        end: isEnd,
        problems: [...problems],
        ...(isEnd && {command, durationMs: Math.round(durationMs)}),
      }
    } finally {
      snapshot.waiting--
      snapshot.usedMs = performance.now()
    }
  }

  /**
   * Lets `work` use the documents themselves, for a comparison in this process. They are kept until it is done.
   *
   * @throws RefusedError `NO_SNAPSHOT`; and what `work` throws
   */
  async withDocuments<Result>(
    id: string,
    work: (documents: ReadonlyMap<NodeDocument, BufferedDocument>) => Promise<Result>,
  ): Promise<Result> {
    const snapshot = this.buffered.find(id)
    snapshot.waiting++
    try {
      return await work(snapshot.documents)
    } finally {
      snapshot.waiting--
      snapshot.usedMs = performance.now()
    }
  }

  /** A client that opened the snapshot does not need it any more. The last one stops tools that still run. */
  close(id: string, owner?: string): void {
    const snapshot = this.buffered.get(id)
    if (!snapshot) return
    this.leave(id, owner)
    if (snapshot.holders.length === 0) this.buffered.drop(snapshot)
  }

  /**
   * A client that opened the snapshot has disconnected, and may come back for the rest: the snapshot is kept for a while, unless
   * its memory is needed.
   */
  leave(id: string, owner?: string): void {
    const {holders = []} = this.buffered.get(id) ?? {}
    const at = holders.indexOf(owner)
    if (at >= 0) holders.splice(at, 1)
  }

  /** Ends all reads and drops all that is held. */
  stop(): void {
    clearInterval(this.sweeper)
    for (const snapshot of this.buffered.all) this.buffered.drop(snapshot)
  }

  private shared(asked: readonly NodeDocument[]): BufferedSnapshot | undefined {
    const oldest = performance.now() - this.options.limits.sharedReadMs
    return this.buffered.all.findLast(
      each => each.isRunning && each.startedMs >= oldest && asked.every(name => each.asked.has(name)),
    )
  }

  private heldBy(owner: string | undefined): number {
    const holders = [...this.coming, ...this.buffered.all.flatMap(each => each.holders)]
    return holders.filter(each => each === owner).length
  }

  private async comes<Result>(owner: string | undefined, open: () => Promise<Result>): Promise<Result> {
    this.coming.push(owner)
    try {
      return await open()
    } finally {
      this.coming.splice(this.coming.indexOf(owner), 1)
    }
  }

  private async openNew(asked: readonly NodeDocument[], owner: string | undefined): Promise<BufferedSnapshot> {
    const key = asked.toSorted().join(' ')
    const under = this.opening.get(key)
    if (under) return under
    const opening = this.inTurn(() => this.begin(asked, owner)).finally(() => this.opening.delete(key))
    this.opening.set(key, opening)
    return opening
  }

  /** Begins a read when fewer than may are under way, and holds its turn until it has ended. */
  private inTurn(begin: () => Promise<BufferedSnapshot>): Promise<BufferedSnapshot> {
    const {reads, readQueueMs} = this.options.limits
    const tooMany = () =>
      refused('TOO_MANY', `${reads} reads of this node are under way`, 'Try again when they are done: in some seconds.')
    if (this.reads.isFull) throw tooMany()
    const begun = Promise.withResolvers<BufferedSnapshot>()
    let isLate = false
    const late = setTimeout(() => {
      isLate = true
      begun.reject(tooMany())
    }, readQueueMs)
    void this.reads.run(async () => {
      clearTimeout(late)
      if (isLate) return
      try {
        const snapshot = await begin()
        begun.resolve(snapshot)
        await Promise.all([...snapshot.documents.values()].map(({done}) => done))
      } catch (error) {
        begun.reject(error)
      }
    })
    return begun.promise
  }

  private async begin(asked: readonly NodeDocument[], owner: string | undefined): Promise<BufferedSnapshot> {
    const own = owner === undefined ? 0 : this.heldBy(owner) - 1
    this.buffered.makeRoom(own)
    const takenAt = new Date()
    const detector = new BackendDetector()
    const documents = new Map<NodeDocument, BufferedDocument>()
    for (const [name, reader] of await this.options.readers(asked))
      documents.set(name, new BufferedDocument(reader, this.buffered.budget, detector.of(name)))
    const snapshot: BufferedSnapshot = {
      id: randomUUID(),
      takenAt,
      startedMs: performance.now(),
      documents,
      asked: new Set(asked),
      isRunning: true,
      holders: [],
      waiting: 0,
      usedMs: performance.now(),
    }
    this.buffered.add(snapshot)
    void Promise.all([...documents.values()].map(({done}) => done)).then(() => this.finished(snapshot, detector))
    return snapshot
  }

  private finished(snapshot: BufferedSnapshot, detector: BackendDetector): void {
    snapshot.isRunning = false
    if (!this.buffered.get(snapshot.id)) return
    this.options.onRead({
      at: snapshot.takenAt.toISOString(),
      documents: [...snapshot.documents.keys()],
      durationMs: Math.round(performance.now() - snapshot.startedMs),
      problems: [...snapshot.documents.values()].flatMap(({end}) => (end?.problems ?? []).map(({message}) => message)),
      backend: detector.backend,
    })
  }
}

function documentOf({documents}: BufferedSnapshot, name: NodeDocument): BufferedDocument {
  const document = documents.get(name)
  if (document) return document
  throw refused('NO_SNAPSHOT', `this dump has no ${name}`, `It has: ${[...documents.keys()].join(', ')}`)
}
