import {isDeepStrictEqual} from 'node:util'
import {InternedStrings} from '../../core/kubernetes/intern-strings.ts'
import {objectKey} from '../../core/kubernetes/objects.ts'
import {type ApiServer, ApiServerError} from '../kubernetes/api-server.ts'
import {backOffMs, type Clock, pause} from './clock.ts'
import {isOlder, type ReadClusterIdentity} from './cluster-identity.ts'
import type {Kinds, WatchedKind} from './kinds.ts'
import {listAll} from './list.ts'
import {BadEvent, readEvent} from './watch-event.ts'

/** What happened to one object of a kind. */
export interface ObjectChange<Kept> {
  readonly type: 'added' | 'modified' | 'deleted'
  readonly object: Kept
}

/** How current the objects of one kind are. */
export interface WatchState {
  /** Whether a list has ever been read to its end. */
  readonly isListed: boolean
  /** When the objects were last known to be current, in milliseconds since 1970. */
  readonly asOf?: number
  /** Why the objects may be out of date. */
  readonly failure?: string
}

export interface ListWatchOptions<Kind extends keyof Kinds> {
  readonly api: ApiServer
  readonly kind: WatchedKind<Kind>
  readonly clock: Clock
  readonly readIdentity: ReadClusterIdentity
  /** A list begins after a random delay of up to so many milliseconds, so that 250 agents do not ask at once. */
  readonly spreadMs: number
  /** All that changed together; after an interruption only what is different. */
  readonly onChanges: (changes: readonly ObjectChange<Kinds[Kind]>[]) => void
  readonly onState: (state: WatchState, before: WatchState) => void
}

/** The server is asked to end a watch after 4 to 6 minutes, at random for the same reason. */
const SHORTEST_WATCH_SECONDS = 240
const WATCH_SPREAD_SECONDS = 120
/** How much later than asked for a watch may end before its connection counts as dead. */
const SLACK_SECONDS = 30
/**
 * A watch that ends earlier without any event counts as a failure; else it would be opened again and again without a pause. So
 * does a version that is too old this soon after the list that gave it.
 */
const SHORTEST_LIFE_MS = 30_000
/**
 * The longest pause while the API server is away. It costs a server that is not there nothing, and one that comes back some
 * requests a second from each hundred agents; with 30 s agents were live 50 s after an outage of 24 s.
 */
const LONGEST_AWAY_MS = 5000
const RECONNECT_SPREAD_MS = 1000
/** After so many unusable events in a row everything is listed again. */
const MOST_BAD_EVENTS = 3

/**
 * Keeps the objects of one kind as the API server has them: a list, then watches from its version. After a failure it waits and
 * tries again; only the signal ends it.
 */
export class ListWatch<Kind extends keyof Kinds> {
  private readonly options: ListWatchOptions<Kind>
  private readonly shared = new InternedStrings()
  private readonly kept = new Map<string, Kinds[Kind]>()
  private array: Kinds[Kind][] | undefined
  private lastState: WatchState = {isListed: false}
  /** The version to watch from; undefined when all has to be listed. */
  private version: string | undefined
  private clusterId: string | undefined
  /** Whether the server may have another history since its last answer. */
  private isDoubtful = false
  /** In a row, without an event in between: no answer, and answers that were of no use. */
  private failures = {away: 0, refused: 0}
  private listedAt = Number.NEGATIVE_INFINITY
  private badEvents = 0

  constructor(options: ListWatchOptions<Kind>) {
    this.options = options
  }

  /** The objects as they are now. A returned array does not change later. */
  objects(): Kinds[Kind][] {
    this.array ??= [...this.kept.values()]
    return this.array
  }

  get size(): number {
    return this.kept.size
  }

  get state(): WatchState {
    return this.lastState
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted)
      try {
        await this.step(signal)
      } catch (error) {
        if (signal.aborted) return
        await pause(this.options.clock, this.failed(error), signal)
      }
  }

  private async step(signal: AbortSignal): Promise<void> {
    if (this.isDoubtful && this.version !== undefined) await this.checkIdentity(this.version, signal)
    if (this.version === undefined) this.version = await this.list(signal)
    await this.watch(this.version, signal)
  }

  private async checkIdentity(known: string, signal: AbortSignal): Promise<void> {
    const {id, version} = await this.options.readIdentity(signal)
    if (id !== this.clusterId || isOlder(version, known)) this.version = undefined
    this.isDoubtful = false
  }

  private async list(signal: AbortSignal): Promise<string> {
    const {api, kind, clock, readIdentity, spreadMs} = this.options
    await pause(clock, clock.random() * spreadMs, signal)
    // Before the list: a change of the server's history in between is then detected later.
    const {id} = await readIdentity(signal)
    const {objects, version} = await listAll({api, kind, clock, signal, shared: this.shared, before: this.kept})
    this.clusterId = id
    this.isDoubtful = false
    this.badEvents = 0
    this.listedAt = clock.now()
    this.replace(objects)
    // `failures` stays: a server that accepts no watch from its own lists would else be asked for lists without a pause.
    this.confirmed()
    return version
  }

  /** Replaces the objects in place, so that they keep the order in which listeners saw them. */
  private replace(objects: ReadonlyMap<string, Kinds[Kind]>): void {
    const changes: ObjectChange<Kinds[Kind]>[] = []
    for (const [key, object] of this.kept) {
      if (objects.has(key)) continue
      this.kept.delete(key)
      changes.push({type: 'deleted', object})
    }
    for (const [key, object] of objects) {
      const before = this.kept.get(key)
      if (before === object) continue
      this.kept.set(key, object)
      changes.push({type: before ? 'modified' : 'added', object})
    }
    if (changes.length > 0) this.tell(changes)
  }

  /** Returns when the server has ended the watch in time. */
  private async watch(version: string, signal: AbortSignal): Promise<void> {
    const {api, kind, clock} = this.options
    const timeoutSeconds = SHORTEST_WATCH_SECONDS + Math.floor(clock.random() * WATCH_SPREAD_SECONDS)
    const query = new URLSearchParams({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: version,
      timeoutSeconds: String(timeoutSeconds),
    })
    if (kind.fieldSelector !== undefined) query.set('fieldSelector', kind.fieldSelector)
    const ownEnd = new AbortController()
    const overdue = new ApiServerError(0, `the watch of ${kind.plural} did not end when it should have: the connection is dead`)
    const cancel = clock.after((timeoutSeconds + SLACK_SECONDS) * 1000, () => ownEnd.abort(overdue))
    const openedAt = clock.now()
    let lines = 0
    try {
      const end = AbortSignal.any([signal, ownEnd.signal])
      for await (const line of api.lines(`${kind.path}?${query.toString()}`, end, () => this.confirmed())) {
        this.take(line)
        lines++
      }
    } finally {
      cancel()
    }
    // A server sends bookmarks every minute. One that sent none may not know this version.
    if (lines === 0) this.isDoubtful = true
    if (lines === 0 && clock.now() - openedAt < SHORTEST_LIFE_MS)
      throw new ApiServerError(0, `the API server ended the watch of ${kind.plural} at once`, 'ENDED')
    this.failures = {away: 0, refused: 0}
    await pause(clock, clock.random() * RECONNECT_SPREAD_MS, signal)
  }

  /** Records that the objects are those of the server. */
  private confirmed(): void {
    this.setState({isListed: true, asOf: this.options.clock.now()})
  }

  private take(line: string): void {
    const event = readEvent(line)
    const {kind} = this.options
    if (event.type !== 'bookmark') {
      const object = kind.strip(event.object, this.shared)
      if (!object) throw new BadEvent(`an event of ${kind.plural} without a name`)
      this.change(event.type, object)
    }
    this.version = event.version
    this.failures = {away: 0, refused: 0}
    this.badEvents = 0
    this.confirmed()
  }

  /** The type of an event is not relied on: after an interruption the same one may come again. */
  private change(type: ObjectChange<Kinds[Kind]>['type'], object: Kinds[Kind]): void {
    const key = objectKey(object)
    const before = this.kept.get(key)
    if (type === 'deleted') {
      if (!before) return
      this.kept.delete(key)
      return this.tell([{type, object: before}])
    }
    if (before && isDeepStrictEqual(before, object)) return
    this.kept.set(key, object)
    this.tell([{type: before ? 'modified' : 'added', object}])
  }

  private tell(changes: readonly ObjectChange<Kinds[Kind]>[]): void {
    this.array = undefined
    this.options.onChanges(changes)
  }

  /** @returns how long to wait before the next try, in milliseconds */
  private failed(error: unknown): number {
    const {clock} = this.options
    const wasListed = this.version !== undefined
    this.isDoubtful = true
    if (error instanceof BadEvent) this.badEvents++
    // 410: the server no longer has that version. 400: it cannot read it.
    const isVersionBad = error instanceof ApiServerError && (error.status === 410 || error.status === 400)
    if (isVersionBad || this.badEvents >= MOST_BAD_EVENTS) this.version = undefined
    this.setState({...this.lastState, failure: error instanceof Error ? error.message : String(error)})
    // A version grows too old while the server is away. A list follows, which has its own pause.
    if (isVersionBad && wasListed && clock.now() - this.listedAt >= SHORTEST_LIFE_MS) return 0
    if (isAway(error)) return backOffMs(++this.failures.away, clock, LONGEST_AWAY_MS)
    // Counted apart: what a server refuses while it starts does not take up the pauses of the time before.
    return backOffMs(++this.failures.refused, clock)
  }

  private setState(state: WatchState): void {
    const before = this.lastState
    this.lastState = state
    this.options.onState(state, before)
  }
}

/** Whether no API server answered, as opposed to a refusal, or an answer that is of no use. */
function isAway(error: unknown): boolean {
  if (!(error instanceof ApiServerError)) return false
  const {status, reason = ''} = error
  return status >= 500 || (status === 0 && !['BAD_ANSWER', 'TOO_LARGE', 'ENDED'].includes(reason))
}
