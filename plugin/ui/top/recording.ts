import type {Drift} from '../../../core/contract/drift.ts'
import type {LiveEvent} from '../../../core/contract/live.ts'
import type {LiveDetail, Recorded} from '../../../core/contract/recording.ts'
import {isLiveEvent} from '../../../core/live/live-event.ts'
import {emptyView, type LiveView, reduceLive} from '../../../core/live/live-view.ts'
import {flagWords, shellWord} from '../../../core/text/shell-word.ts'
import type {Loaded} from '../../../core/top/loaded.ts'
import {type SetMember, setMembers} from '../../../core/top/sets-page.ts'

/** Views are kept at every so many moments: a step back then costs little, and a long recording fits into memory. */
const KEPT_EVERY = 50

/** A recording that is gone through moment by moment, forwards and backwards. */
export class Recording {
  private readonly moments: readonly (readonly LiveEvent[])[]
  /** The view before the moment of that number. */
  private readonly kept = new Map<number, LiveView>([[0, emptyView]])
  /** What somebody looked at, by the moment that was the last one then. */
  private readonly details: readonly {readonly at: number; readonly detail: LiveDetail}[]
  private last: {readonly at: number; readonly view: LiveView} | undefined

  constructor(documents: readonly Recorded[]) {
    const {moments, details} = momentsOf(documents)
    this.moments = moments
    this.details = details
  }

  get count(): number {
    return this.moments.length
  }

  /** Milliseconds since 1970; undefined without moments. */
  timeOf(at: number): number | undefined {
    const event = this.moments[at]?.at(-1)
    return event && Date.parse(event.at)
  }

  /** What was known after a moment, from 0. */
  viewAt(at: number): LiveView {
    if (this.last?.at === at) return this.last.view
    const start = this.startFor(at)
    let {view} = start
    for (let next = start.next; next <= at; next++) {
      if (next % KEPT_EVERY === 0) this.kept.set(next, view)
      view = (this.moments[next] ?? []).reduce(reduceLive, view)
    }
    this.last = {at, view}
    return view
  }

  /** The comparison of a node that had been looked at by a moment. @param clock the time of day, as it is shown */
  differencesAt(at: number, node: string, clock: (ms: number) => string): Loaded<Drift> {
    const found = this.detailAt(at, each => each.kind === 'LiveDifferences' && each.node === node)
    if (found.detail?.kind === 'LiveDifferences') return {state: 'here', value: found.detail.drift, at: found.ms}
    return notRecorded(
      'nobody looked at the differences of this node',
      found.later,
      clock,
      `kubectl npm diff ${flagWords('--node', node)}`,
    )
  }

  /** The members of a set of a node that had been looked at by a moment. */
  membersAt(at: number, node: string, set: string, clock: (ms: number) => string): Loaded<readonly SetMember[]> {
    const found = this.detailAt(at, each => each.kind === 'LiveMembers' && each.node === node && each.entry.set === set)
    if (found.detail?.kind === 'LiveMembers') return {state: 'here', value: setMembers(found.detail.entry), at: found.ms}
    return notRecorded(
      'nobody looked into this set',
      found.later,
      clock,
      `kubectl npm sets ${shellWord(set)} ${flagWords('--node', node)}`,
    )
  }

  /** The last one of some details that a moment knows; else when the first one comes, in milliseconds since 1970. */
  private detailAt(at: number, isMeant: (detail: LiveDetail) => boolean): Found {
    const meant = this.details.filter(({detail}) => isMeant(detail))
    const known = meant.findLast(each => each.at <= at)
    if (known) return {detail: known.detail, ms: this.timeOf(known.at) ?? 0}
    const [first] = meant
    return {ms: 0, ...(first && {later: this.timeOf(first.at) ?? 0})}
  }

  /** The nearest view before a moment, and the moment that follows it. */
  private startFor(at: number): {readonly next: number; readonly view: LiveView} {
    if (this.last && this.last.at < at && at - this.last.at < KEPT_EVERY) return {next: this.last.at + 1, view: this.last.view}
    const next = Math.max(...[...this.kept.keys()].filter(moment => moment <= at))
    return {next, view: this.kept.get(next) ?? emptyView}
  }
}

interface Found {
  readonly detail?: LiveDetail
  readonly ms: number
  readonly later?: number
}

function notRecorded(
  why: string,
  later: number | undefined,
  clock: (ms: number) => string,
  command: string,
): {readonly state: 'failed'; readonly message: string; readonly next: string} {
  return later === undefined
    ? {state: 'failed', message: `not recorded: ${why} while it was recorded`, next: `What is so now: ${command}`}
    : {state: 'failed', message: `not recorded yet: ${why} before ${clock(later)}`, next: 'Right steps there.'}
}

/** Documents that belong together: a new moment begins when a node comes again. */
function momentsOf(documents: readonly Recorded[]): {moments: LiveEvent[][]; details: {at: number; detail: LiveDetail}[]} {
  const moments: LiveEvent[][] = []
  const details: {at: number; detail: LiveDetail}[] = []
  let seen = new Set<string>()
  for (const document of documents) {
    if (!isLiveEvent(document)) {
      details.push({at: Math.max(0, moments.length - 1), detail: document})
      continue
    }
    // What a node has comes beside what is counted.
    const isCounted = document.kind !== 'LiveNode'
    if (moments.length === 0 || (isCounted && seen.has(document.node))) {
      moments.push([])
      seen = new Set()
    }
    moments.at(-1)?.push(document)
    if (isCounted) seen.add(document.node)
  }
  return {moments, details}
}
