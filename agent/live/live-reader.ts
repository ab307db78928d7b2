import type {LiveSummary} from '../../core/contract/live.ts'
import type {Counted} from '../../core/live/live-counts.ts'
import {structureDigest} from '../../core/live/structure-digest.ts'
import {kernelSummary} from '../../core/live/summary.ts'
import type {Limits} from '../limits/limits.ts'
import type {Comparisons} from './comparisons.ts'
import type {LiveCounters} from './live-counters.ts'
import type {NpmFigures} from './npm-figures.ts'
import {childrenTimeMs} from './processor-time.ts'
import type {Reading} from './reading.ts'
import {Viewer} from './viewer.ts'

export interface LiveReaderOptions {
  readonly limits: Limits
  readonly counters: LiveCounters
  /** How many connections the node tracks; null where nothing tells. */
  readonly connections: () => Promise<LiveSummary['connections']>
  readonly npm: NpmFigures
  readonly sha256: (text: string) => string
  /** Absent where nothing tells what the policies ask for. */
  readonly comparisons?: Comparisons
  /** How often objects of the cluster have changed. */
  readonly changes?: () => number
}

/**
 * Reads the counters of this node for all who watch it, once for all of them, and not at all while nobody does. Where reads cost more of a
 * processor than `liveShare` allows at the pace that was asked for, the next ones come later; the first few may cost more.
 */
export class LiveReader {
  private readonly options: LiveReaderOptions
  private readonly viewers = new Set<Viewer>()
  private readonly stopping = new AbortController()
  private last: Reading | undefined
  private wake: (() => void) | undefined
  private isLooping = false
  /** What reads have cost beyond their share of the time, in milliseconds of a processor. */
  private debtMs = 0
  private debtAtMs = 0
  private digest: {readonly of: object; readonly text: string} | undefined
  private sets: {map: ReadonlyMap<string, number | null>; readMs: number} = {map: new Map(), readMs: -Infinity}

  constructor(options: LiveReaderOptions) {
    this.options = options
  }

  /**
   * Watches from now on, until the viewer is closed.
   *
   * @param intervalMs between two readings, at least
   * @param oldestMs   how old the first one may be
   */
  watch(intervalMs: number, oldestMs = Math.max(intervalMs, this.pauseMs())): Viewer {
    const viewer: Viewer = new Viewer(intervalMs, () => this.viewers.delete(viewer))
    this.viewers.add(viewer)
    // What was read just now for others is as good.
    if (this.last && performance.now() - this.last.ms < oldestMs) viewer.offer(this.last)
    if (this.isLooping) this.wake?.()
    else void this.loop()
    return viewer
  }

  /** One reading, for who does not watch. @param oldestMs how old it may be. @throws RefusedError when the node cannot be read */
  async once(oldestMs: number): Promise<Reading> {
    const {signal} = this.stopping
    using viewer = this.watch(this.options.limits.longestLiveMs, oldestMs)
    await viewer.due(signal)
    const reading = viewer.take()
    if (reading) return reading
    throw signal.reason
  }

  /**
   * A new reading while others watch anyway. Undefined while nobody does, and while reads have to wait because of what they have cost.
   *
   * @throws RefusedError when the node cannot be read
   */
  async beside(): Promise<Reading | undefined> {
    const askedMs = performance.now()
    // What is being read already may have begun before.
    for (let tries = 0; tries < 2; tries++) {
      if (!this.isWatched || performance.now() < this.debtAtMs + this.pauseMs()) return undefined
      const reading = await this.once(0)
      if (reading.ms >= askedMs) return reading
    }
    return undefined
  }

  /** Whether anybody watches. */
  get isWatched(): boolean {
    return this.viewers.size > 0
  }

  stop(): void {
    this.stopping.abort(new Error('the agent ends'))
    this.wake?.()
  }

  private async loop(): Promise<void> {
    const {signal} = this.stopping
    this.isLooping = true
    try {
      while (this.viewers.size > 0 && !signal.aborted) {
        const waitMs = this.nextMs() - performance.now()
        if (waitMs > 0) await this.sleep(waitMs)
        else await this.readOnce(signal)
      }
    } finally {
      this.isLooping = false
    }
  }

  /** When the next read is due. */
  private nextMs(): number {
    const {last} = this
    const allowedMs = this.debtAtMs + this.pauseMs()
    if (!last || [...this.viewers].some(({isNew}) => isNew)) return allowedMs
    const asked = Math.min(...[...this.viewers].map(({intervalMs}) => intervalMs))
    return Math.max(last.ms + asked, allowedMs)
  }

  private pauseMs(): number {
    const {liveShare, liveBurstMs, longestLiveMs} = this.options.limits
    return Math.min(Math.max(0, this.debtMs - liveBurstMs) / liveShare, longestLiveMs)
  }

  private pay(costMs: number): void {
    const now = performance.now()
    const paidMs = (now - this.debtAtMs) * this.options.limits.liveShare
    this.debtMs = Math.max(0, this.debtMs - paidMs) + costMs
    this.debtAtMs = now
  }

  private async readOnce(signal: AbortSignal): Promise<void> {
    try {
      const reading = await this.read(signal)
      this.last = reading
      for (const viewer of this.viewers) viewer.offer(reading)
    } catch (error) {
      // Who watches is told, and asks again if it wants to.
      for (const viewer of this.viewers) viewer.fail(error)
      this.viewers.clear()
    }
  }

  private async read(signal: AbortSignal): Promise<Reading> {
    const {counters: kernel, connections: connectionCount, npm, comparisons, changes} = this.options
    const startedMs = performance.now()
    const usedMs = this.costMs()
    const at = new Date().toISOString()
    // Whoever begins to watch waits for all of it, so it is asked for side by side then. Later, sets come after the rules that may name new ones.
    const isFirst = this.last === undefined
    npm.look(this.stopping.signal)
    let counted: Counted
    try {
      const first = isFirst ? this.currentSets(signal) : undefined
      first?.catch(() => {})
      counted = {counters: await kernel.rules(signal), sets: await (first ?? this.currentSets(signal))}
    } finally {
      this.pay(this.costMs() - usedMs)
    }
    const {counters, sets} = counted
    const readMs = performance.now() - startedMs
    const {structure} = counters
    const [connections, figures] = await Promise.all([connectionCount(), npm.current(structure)])
    comparisons?.look([structure, counters.otherRules, sets, changes?.()])
    const summary: LiveSummary = {
      ...kernelSummary(counted),
      connections,
      differences: comparisons?.current ?? null,
      npm: figures,
    }
    return {ms: startedMs, at, structure: this.digestOf(structure), counters, sets, summary, readMs, pauseMs: this.pauseMs()}
  }

  private costMs(): number {
    return childrenTimeMs() + this.options.counters.spentMs
  }

  /** Sets are read less often; with new rules, new sets have come. */
  private async currentSets(signal: AbortSignal): Promise<ReadonlyMap<string, number | null>> {
    const now = performance.now()
    if (now - this.sets.readMs < this.options.limits.liveSetsMs) return this.sets.map
    const map = await this.options.counters.sets(signal)
    const {map: before} = this.sets
    const isSame = map.size === before.size && [...map].every(([set, count]) => before.get(set) === count)
    this.sets = {map: isSame ? before : map, readMs: now}
    return this.sets.map
  }

  private digestOf(structure: Counted['counters']['structure']): string {
    if (this.digest?.of !== structure) this.digest = {of: structure, text: structureDigest(structure, this.options.sha256)}
    return this.digest.text
  }

  private sleep(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(() => this.wake?.(), ms)
      this.wake = () => {
        clearTimeout(timer)
        this.wake = undefined
        resolve()
      }
    })
  }
}
