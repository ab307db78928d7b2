import type {NodeDocument} from '../../core/contract/node-documents.ts'
import type {Limits} from '../limits/limits.ts'
import {refused} from '../limits/refusal.ts'
import type {BufferedDocument, MemoryBudget} from './buffered-document.ts'

/** One read of the node, which clients fetch piece by piece. */
export interface BufferedSnapshot {
  readonly id: string
  readonly takenAt: Date
  /** Of the monotonic clock, in milliseconds. */
  readonly startedMs: number
  readonly documents: ReadonlyMap<NodeDocument, BufferedDocument>
  readonly asked: ReadonlySet<NodeDocument>
  isRunning: boolean
  /** Who has opened and not closed it, as often as they have. Undefined is root, or the agent itself. */
  readonly holders: (string | undefined)[]
  /** How many requests wait for a piece of it, or use its documents. */
  waiting: number
  usedMs: number
}

/** The reads that are buffered, within the memory and the number that may be: those that are needed least are dropped first. */
export class BufferedSnapshots {
  private readonly limits: Limits
  private readonly buffered = new Map<string, BufferedSnapshot>()
  private bytes = 0

  constructor(limits: Limits) {
    this.limits = limits
  }

  /** How many bytes are buffered. */
  get bufferedBytes(): number {
    return this.bytes
  }

  get all(): readonly BufferedSnapshot[] {
    return [...this.buffered.values()]
  }

  add(snapshot: BufferedSnapshot): void {
    this.buffered.set(snapshot.id, snapshot)
  }

  get(id: string): BufferedSnapshot | undefined {
    return this.buffered.get(id)
  }

  /** @throws RefusedError `NO_SNAPSHOT` when there is no such snapshot */
  find(id: string): BufferedSnapshot {
    const snapshot = this.buffered.get(id)
    if (snapshot) return snapshot
    const seconds = this.limits.snapshotMs / 1000
    throw refused(
      'NO_SNAPSHOT',
      'the agent does not hold this dump any more',
      `It keeps one for ${seconds} s after it was last read from. Run the command again.`,
    )
  }

  /**
   * Makes room for one more.
   *
   * @param own how many whoever needs the room has
   * @throws RefusedError `TOO_MANY` when nobody can do without one
   */
  makeRoom(own: number): void {
    while (this.buffered.size >= this.limits.snapshots)
      if (!this.dropIdle() && !this.dropOfGreediest(own))
        throw refused('TOO_MANY', `${this.buffered.size} dumps of this node are being fetched`, 'Try again later.')
  }

  /** The memory that all documents share. */
  readonly budget: MemoryBudget = {
    take: bytes => {
      this.bytes += bytes
      while (this.bytes > this.limits.snapshotBytes) if (!this.dropIdle() && !this.dropOfGreediest(1)) return false
      return true
    },
    giveBack: bytes => {
      this.bytes -= bytes
    },
  }

  /** Drops what nobody has read from for too long. */
  sweep(): void {
    const oldest = performance.now() - this.limits.snapshotMs
    for (const snapshot of this.buffered.values()) if (snapshot.waiting === 0 && snapshot.usedMs < oldest) this.drop(snapshot)
  }

  drop(snapshot: BufferedSnapshot): void {
    this.buffered.delete(snapshot.id)
    for (const document of snapshot.documents.values()) document.drop()
  }

  /** Makes room: drops the least recently used snapshot of those that nobody has open. @returns whether there was one */
  private dropIdle(): boolean {
    const idle = [...this.buffered.values()].filter(
      ({holders, waiting, isRunning}) => holders.length === 0 && waiting === 0 && !isRunning,
    )
    const [oldest] = idle.toSorted((a, b) => a.usedMs - b.usedMs)
    if (oldest) this.drop(oldest)
    return oldest !== undefined
  }

  /**
   * Makes room at the cost of who has the most. Snapshots that several share, and those of root and of the agent itself, stay.
   *
   * @param own how many whoever needs the room has: who has none gets room in any case
   * @returns whether there was one to drop
   */
  private dropOfGreediest(own: number): boolean {
    const owned = new Map<string, BufferedSnapshot[]>()
    for (const snapshot of this.buffered.values()) {
      const [owner, ...others] = new Set(snapshot.holders)
      if (owner !== undefined && others.length === 0) owned.set(owner, [...(owned.get(owner) ?? []), snapshot])
    }
    const [greediest = []] = [...owned.values()].toSorted((a, b) => b.length - a.length)
    const unused = [...owned.values()].flat().filter(({waiting}) => waiting === 0)
    const [dropped] =
      greediest.length > Math.max(1, own) ? greediest : own > 0 ? [] : unused.toSorted((a, b) => a.usedMs - b.usedMs)
    if (dropped) this.drop(dropped)
    return dropped !== undefined
  }
}
