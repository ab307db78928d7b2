import {once} from 'node:events'
import {finished} from 'node:stream/promises'
import {createGzip, type Gzip} from 'node:zlib'
import type {Problem} from '../../core/problem/problem.ts'
import type {DocumentEnd, DocumentReader} from '../node/document-reader.ts'

/** The memory that all buffered documents together may take. */
export interface MemoryBudget {
  /** Takes bytes. False when there were not enough left: the document must then end. */
  take(bytes: number): boolean
  giveBack(bytes: number): void
}

const BLOCK_BYTES = 256 * 1024
const FAST = 1
const GZIP_CHUNK_BYTES = 64 * 1024

const DROPPED: Problem = {
  code: 'TRUNCATED_FILE',
  message: 'the agent does not hold this document any more',
  next: 'Run the command again.',
}

const readingFailed = (error: unknown): DocumentEnd => ({
  command: '',
  problems: [{code: 'TOOL_FAILED', message: `reading failed: ${String(error)}`, next: 'Look at the log of the agent.'}],
})

/** A document as gzip: compressed while it is read, buffered once for all its readers, and readable while it still grows. */
export class BufferedDocument {
  private readonly blocks: Buffer[] = []
  private length = 0
  private readonly budget: MemoryBudget
  private readonly stop = new AbortController()
  private readonly watchers = new Set<() => void>()
  private over: (DocumentEnd & {readonly durationMs: number}) | undefined
  private taken = 0
  private isCut = false
  private isDropped = false
  /** How many bytes were read so far, before compression. */
  plainBytes = 0
  /** Resolves when the document has its end, also one that failed or was cut. Never rejects. */
  readonly done: Promise<void>

  constructor(read: DocumentReader, budget: MemoryBudget, look?: (bytes: Uint8Array) => void) {
    this.budget = budget
    this.done = this.fill(read, look)
  }

  /** The command, the problems and the duration, in milliseconds; undefined while the document is being read. */
  get end(): (DocumentEnd & {readonly durationMs: number}) | undefined {
    return this.over
  }

  /** Resolves when there are bytes at `offset`, when there will never be any, and when `signal` is aborted. */
  async reaches(offset: number, signal?: AbortSignal): Promise<void> {
    // oxlint-disable-next-line no-unmodified-loop-condition -- others abort it
    while (offset >= this.length && !this.over && !signal?.aborted) await this.change(signal)
  }

  /**
   * The bytes of the gzip stream at `offset`, as far as they are buffered and in one block.
   *
   * @param longest in bytes
   * @returns no bytes beyond what is buffered; `isEnd` when nothing will follow them
   */
  piece(offset: number, longest: number): {bytes: Buffer; isEnd: boolean} {
    const block = this.blocks[Math.floor(offset / BLOCK_BYTES)]
    const from = offset % BLOCK_BYTES
    const filled = Math.min(BLOCK_BYTES, this.length - (offset - from))
    const bytes = block === undefined || from >= filled ? Buffer.alloc(0) : block.subarray(from, Math.min(filled, from + longest))
    return {bytes, isEnd: this.over !== undefined && offset + bytes.length >= this.length}
  }

  /** The gzip stream from its beginning to its end. Waits for what is not yet there. */
  async *stream(): AsyncGenerator<Buffer> {
    for (let offset = 0; ; ) {
      await this.reaches(offset)
      const {bytes, isEnd} = this.piece(offset, BLOCK_BYTES)
      if (bytes.length > 0) yield bytes
      if (isEnd) return
      offset += bytes.length
    }
  }

  /** Stops the reader if it is running, and releases the memory. Readers get no more bytes, and an end with a problem. */
  drop(): void {
    this.isDropped = true
    this.stop.abort()
    this.budget.giveBack(this.taken)
    this.taken = 0
    this.blocks.length = 0
    this.length = 0
    this.over = {command: '', problems: [DROPPED], durationMs: 0}
    this.tell()
  }

  private async fill(read: DocumentReader, look: ((bytes: Uint8Array) => void) | undefined): Promise<void> {
    const startedAt = performance.now()
    const gzip = createGzip({level: FAST, chunkSize: GZIP_CHUNK_BYTES})
    gzip
      .on('data', (chunk: Buffer) => this.hold(chunk))
      .on('error', () => {
        // Whoever waits for it below is told.
      })
    // Readers do not throw. If one does, that must not end the agent.
    let end = await this.compress(read(this.stop.signal), gzip, look).catch(readingFailed)
    gzip.end()
    await finished(gzip).catch((error: unknown) => (end = readingFailed(error)))
    this.shrink()
    this.finish(end, performance.now() - startedAt)
  }

  /** A reader that has come to its end keeps it, whatever memory there is then: nothing of its document is missing. */
  private async compress(
    pieces: AsyncGenerator<Uint8Array, DocumentEnd>,
    gzip: Gzip,
    look: ((bytes: Uint8Array) => void) | undefined,
  ): Promise<DocumentEnd> {
    while (!this.isCut && !this.stop.signal.aborted) {
      const next = await pieces.next()
      if (next.done) return next.value
      this.plainBytes += next.value.length
      look?.(next.value)
      if (!gzip.write(next.value)) await once(gzip, 'drain')
    }
    this.stop.abort()
    const left = await pieces.return({command: '', problems: []})
    const {command} = left.done ? left.value : {command: ''}
    return {command, problems: [this.isDropped ? DROPPED : this.cutProblem()]}
  }

  /** Chunks after the cut are kept, too: they are few, and complete the gzip stream. */
  private hold(chunk: Buffer): void {
    if (this.isDropped) return
    for (let rest = chunk; rest.length > 0; ) {
      const used = this.length % BLOCK_BYTES
      if (used === 0) {
        this.isCut = !this.budget.take(BLOCK_BYTES) || this.isCut
        this.taken += BLOCK_BYTES
        this.blocks.push(Buffer.allocUnsafeSlow(BLOCK_BYTES))
      }
      const fitting = rest.subarray(0, BLOCK_BYTES - used)
      this.blocks.at(-1)?.set(fitting, used)
      this.length += fitting.length
      rest = rest.subarray(fitting.length)
    }
    this.tell()
  }

  /** Most documents are small: the last block keeps only what it needs. */
  private shrink(): void {
    const used = this.length % BLOCK_BYTES
    const last = this.blocks.at(-1)
    if (used === 0 || last === undefined) return
    this.blocks[this.blocks.length - 1] = Buffer.from(last.subarray(0, used))
    this.taken -= BLOCK_BYTES - used
    this.budget.giveBack(BLOCK_BYTES - used)
  }

  private finish(end: DocumentEnd, durationMs: number): void {
    this.over ??= {...end, durationMs}
    this.tell()
  }

  private tell(): void {
    const watchers = [...this.watchers]
    this.watchers.clear()
    for (const watcher of watchers) watcher()
  }

  private change(signal: AbortSignal | undefined): Promise<void> {
    return new Promise(resolve => {
      const go = () => {
        this.watchers.delete(go)
        signal?.removeEventListener('abort', go)
        resolve()
      }
      this.watchers.add(go)
      signal?.addEventListener('abort', go, {once: true})
    })
  }

  private cutProblem(): Problem {
    return {
      code: 'TRUNCATED_FILE',
      message: `the agent holds no more than it may: it stopped after ${this.plainBytes} bytes`,
      next: 'Try again when fewer people read this node, or read it on the node: kubectl npm … --local, npm-agent read FOLDER.',
    }
  }
}
