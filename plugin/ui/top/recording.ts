import type {LiveEvent} from '../../../core/contract/live.ts'
import {emptyView, type LiveView, reduceLive} from '../../../core/live/live-view.ts'

/** Views are kept at every so many moments: a step back then costs little, and a long recording fits into memory. */
const KEPT_EVERY = 50

/** A recording that is gone through moment by moment, forwards and backwards. */
export class Recording {
  private readonly moments: readonly (readonly LiveEvent[])[]
  /** The view before the moment of that number. */
  private readonly kept = new Map<number, LiveView>([[0, emptyView]])
  private last: {readonly at: number; readonly view: LiveView} | undefined

  constructor(events: readonly LiveEvent[]) {
    this.moments = momentsOf(events)
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

  /** The nearest view before a moment, and the moment that follows it. */
  private startFor(at: number): {readonly next: number; readonly view: LiveView} {
    if (this.last && this.last.at < at && at - this.last.at < KEPT_EVERY) return {next: this.last.at + 1, view: this.last.view}
    const next = Math.max(...[...this.kept.keys()].filter(moment => moment <= at))
    return {next, view: this.kept.get(next) ?? emptyView}
  }
}

/** Documents that belong together: a new moment begins when a node comes again. */
function momentsOf(events: readonly LiveEvent[]): LiveEvent[][] {
  const moments: LiveEvent[][] = []
  let seen = new Set<string>()
  for (const event of events) {
    // What a node has comes beside what is counted.
    const isCounted = event.kind !== 'LiveNode'
    if (moments.length === 0 || (isCounted && seen.has(event.node))) {
      moments.push([])
      seen = new Set()
    }
    moments.at(-1)?.push(event)
    if (isCounted) seen.add(event.node)
  }
  return moments
}
