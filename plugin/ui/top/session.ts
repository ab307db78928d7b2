import type {Drift} from '../../../core/contract/drift.ts'
import type {LiveEvent} from '../../../core/contract/live.ts'
import {emptyView, expectNodes, type LiveView, reduceLive} from '../../../core/live/live-view.ts'
import {InputError} from '../../../core/problem/input-error.ts'
import type {Action} from '../../../core/top/action.ts'
import type {Loaded} from '../../../core/top/loaded.ts'
import {reduce} from '../../../core/top/reduce.ts'
import {type SetMember, setMembers} from '../../../core/top/sets-page.ts'
import {currentPage, initialState, type Theme, type TopState} from '../../../core/top/state.ts'
import {type Extras, memberKey} from '../../../core/top/top-table.ts'
import {watch} from '../../../core/top/watch.ts'
import type {LiveSource} from '../../live/live-source.ts'
import {drawFrame, type Frame} from './frame.ts'
import type {Glyphs} from './glyphs.ts'
import {actionsOf, type NamedKey} from './keys.state.ts'
import {mouseAction, parseMouse} from './mouse.state.ts'
import {Recording} from './recording.ts'

export interface SessionOptions {
  readonly intervalMs: number
  readonly theme: Theme
  readonly glyphs: Glyphs
  /** The node to begin with, where there is only one to look at. */
  readonly node?: string
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** The time of day, as it is shown. */
  readonly clock: (ms: number) => string
  readonly yamlOf: (document: unknown) => readonly string[]
}

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** So many nodes that were looked into keep being counted rule by rule, so that going back to one finds its last minute. */
const KEPT_NODES = 3

/**
 * How soon what came of many nodes is drawn behind the frame before. Of 250 nodes a sample comes every 4 ms, and drawing a large frame takes
 * 30 ms: all that came within a second is one frame.
 */
const FRAME_MS = 1000
/** While they answer for the first time, one after another, people wait for them. */
const FIRST_FRAME_MS = 200
const FIRST_MS = 3000

/** A screen while it is open: what is known, how it is arranged, and what is read for it. Knows no terminal and no React. */
export class TopSession {
  private readonly source: LiveSource
  private readonly options: SessionOptions
  private readonly signal: AbortSignal
  private readonly recording: Recording | undefined
  private readonly listeners = new Set<() => void>()
  private readonly differences = new Map<string, Loaded<Drift>>()
  private readonly members = new Map<string, Loaded<readonly SetMember[]>>()
  private view: LiveView = emptyView
  private isOpening: boolean
  /** What is shown while the screen is paused, and since when. */
  private frozen: {readonly view: LiveView; readonly at: number} | undefined
  private counted: readonly string[] = []
  private asked = ''
  private readonly openedMs = performance.now()
  private toldMs = -Infinity
  private telling: NodeJS.Timeout | undefined
  private drawn: {readonly version: number; readonly size: Size; readonly frame: Frame} | undefined
  state: TopState
  /** Another one for everything that may look different. */
  version = 0

  constructor(source: LiveSource, options: SessionOptions, signal: AbortSignal) {
    this.source = source
    this.options = options
    this.signal = signal
    this.recording = source.recorded && new Recording(source.recorded)
    const {intervalMs, theme, node} = options
    this.state = initialState({
      intervalMs,
      theme,
      ...(node !== undefined && {node}),
      ...(this.recording && {moments: this.recording.count}),
    })
    void source.opening?.done.then(() => {
      this.isOpening = false
      if (!this.signal.aborted) this.changed()
    })
    this.isOpening = source.opening !== undefined
    this.follow()
  }

  /** Calls back after every change, or after some that come close together. @returns ends that */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  readonly currentVersion = (): number => this.version

  /** Shows nodes of which nothing has come yet. */
  found(nodes: readonly string[]): void {
    const before = this.view
    this.view = expectNodes(before, nodes)
    if (this.view === before) return
    const [node] = nodes
    // A machine has one node: a list of it would tell nothing.
    if (before === emptyView && this.source.kind === 'local' && node !== undefined && this.state.trail.length === 1) {
      const {intervalMs, theme} = this.options
      this.state = {...this.state, trail: initialState({intervalMs, theme, node}).trail}
      this.follow()
    }
    if (!this.frozen) this.hasCome()
  }

  /** Takes a document of the source. */
  take(event: LiveEvent): void {
    this.view = reduceLive(this.view, event)
    if (!this.frozen) this.hasCome()
  }

  /** Ages are shown, which grow by themselves: once a second is enough, and samples come as often. */
  tick(): void {
    if (!this.frozen && !this.recording && performance.now() - this.toldMs >= FRAME_MS) this.hasCome()
  }

  /** The screen as it is now. */
  frame(size: Size): Frame {
    const {drawn, version} = this
    if (drawn?.version === version && drawn.size.columns === size.columns && drawn.size.rows === size.rows) return drawn.frame
    const {view, now} = this.shownView()
    const frame = drawFrame({
      state: this.state,
      watched: watch(view, {isRecorded: this.recording !== undefined, isOpening: this.isOpening}),
      extras: this.extras(),
      now,
      clock: this.options.clock(now),
      size,
      glyphs: this.options.glyphs,
      yamlOf: this.options.yamlOf,
    })
    this.drawn = {version, size, frame}
    return frame
  }

  /** What the page shows besides. */
  private extras(): Extras {
    const {recording, state} = this
    if (!recording || !state.replay) return {differences: this.differences, members: this.members}
    const {at} = state.replay
    const {page} = currentPage(state)
    const {clock} = this.options
    return {
      differences: new Map(page.kind === 'differences' ? [[page.node, recording.differencesAt(at, page.node, clock)]] : []),
      members: new Map(
        page.kind === 'set' ? [[memberKey(page.node, page.set), recording.membersAt(at, page.node, page.set, clock)]] : [],
      ),
    }
  }

  private shownView(): {readonly view: LiveView; readonly now: number} {
    const {recording, state, frozen} = this
    if (recording && state.replay && recording.count > 0) {
      const {at} = state.replay
      return {view: recording.viewAt(at), now: recording.timeOf(at) ?? this.options.now()}
    }
    return frozen ? {view: frozen.view, now: frozen.at} : {view: this.view, now: this.options.now()}
  }

  /** Keys as Ink gives them. */
  input(text: string, key: NamedKey, size: Size): void {
    for (const action of actionsOf(text, key, this.state.prompt !== undefined)) this.act(action, size)
  }

  /** What the mouse does, as a terminal sends it. */
  mouse(sequence: string, size: Size): void {
    const event = parseMouse(sequence)
    const action = event && mouseAction(event, this.frame(size).targets)
    if (action) this.act(action, size)
  }

  act(action: Action, size: Size): void {
    const before = this.state
    this.state = reduce(before, action, this.frame(size).shown)
    if (this.state === before) return
    if (this.state.isPaused !== before.isPaused)
      this.frozen = this.state.isPaused ? {view: this.view, at: this.options.now()} : undefined
    this.changed()
    this.follow(this.state.refreshed !== before.refreshed)
  }

  /** What a person has done is seen at once. */
  private changed(): void {
    this.version++
    this.tell()
  }

  /** What nodes have sent is seen soon. */
  private hasCome(): void {
    this.version++
    const waitMs = this.toldMs + this.pauseMs() - performance.now()
    if (waitMs <= 0) this.tell()
    else this.telling ??= setTimeout(() => this.tell(), waitMs).unref()
  }

  private pauseMs(): number {
    if (this.view.nodes.size < 2) return 0
    const isFirst = performance.now() - this.openedMs < FIRST_MS
    return Math.min(isFirst ? FIRST_FRAME_MS : FRAME_MS, this.state.intervalMs)
  }

  private tell(): void {
    clearTimeout(this.telling)
    this.telling = undefined
    this.toldMs = performance.now()
    for (const listener of this.listeners) listener()
  }

  /** Asks the source for what the page needs. */
  private follow(isRefreshed = false): void {
    const {page} = currentPage(this.state)
    const node = 'node' in page ? page.node : undefined
    if (node !== undefined && this.counted[0] !== node)
      this.counted = [node, ...this.counted.filter(each => each !== node)].slice(0, KEPT_NODES)
    const asked = JSON.stringify([this.state.intervalMs, this.counted])
    if (asked !== this.asked) {
      this.asked = asked
      this.source.request({intervalMs: this.state.intervalMs, rulesOf: new Set(this.counted)})
    }
    // What was recorded is here already.
    if (this.recording) return
    if (page.kind === 'differences')
      this.load(this.differences, page.node, isRefreshed, () => this.source.differences(page.node, this.signal))
    if (page.kind === 'set')
      this.load(this.members, memberKey(page.node, page.set), isRefreshed, async () => {
        const found = await this.source.members(page.node, page.set, this.signal)
        if (!found) throw new InputError('the node no longer has this set', 'esc leads back.')
        return setMembers(found)
      })
  }

  private load<Value>(into: Map<string, Loaded<Value>>, key: string, isRefreshed: boolean, read: () => Promise<Value>): void {
    const known = into.get(key)
    if (known?.state === 'loading' || (known?.state === 'here' && !isRefreshed)) return
    const set = (loaded: Loaded<Value>): void => {
      into.set(key, loaded)
      this.changed()
    }
    set({state: 'loading'})
    read().then(
      value => set({state: 'here', value, at: this.options.now()}),
      (error: unknown) => {
        if (this.signal.aborted) return
        const message = error instanceof Error ? error.message : String(error)
        const next = error instanceof InputError ? error.next : 'r tries again.'
        set({state: 'failed', message, next})
      },
    )
  }
}
