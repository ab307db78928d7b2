import {setTimeout as sleep} from 'node:timers/promises'
import type {LiveEvent} from '../../core/contract/live.ts'
import type {PolicyList} from '../../core/contract/policies.ts'
import {emptyView, type LiveView, reduceLive} from '../../core/live/live-view.ts'
import {withFigures} from '../../core/policies/list-figures.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {LiveSource} from '../live/live-source.ts'

/** A list with what was counted at a moment; null before the first sample. */
export interface WatchedList {
  readonly list: PolicyList
  readonly at: string | null
}

export interface PolicyWatch {
  readonly source: LiveSource
  readonly intervalMs: number
  /** Lists the policies anew: it is called again when rules or differences of a node have changed, but not more often than every `relistMs`. */
  readonly list: () => Promise<PolicyList>
  readonly relistMs?: number
  readonly show: (watched: WatchedList) => Promise<void>
}

/** Comparing all nodes costs them something, and a change often comes with others. */
const RELIST_MS = 10_000

/**
 * Follows policies until `given` is aborted, or the source ends.
 *
 * @returns the list as it is at the end
 */
export async function watchPolicies(watch: PolicyWatch, given: AbortSignal): Promise<PolicyList> {
  const {source, intervalMs, relistMs = RELIST_MS} = watch
  const end = new AbortController()
  const signal = AbortSignal.any([given, end.signal])
  let list = await watch.list()
  let listedAt = performance.now()
  let view: LiveView = emptyView
  let at: string | null = null
  let isChanged = true
  let isStale = false
  source.request({intervalMs, rulesOf: 'all'})
  const show = async () => {
    isChanged = false
    if (isStale && performance.now() - listedAt >= relistMs) {
      isStale = false
      const anew = await listAgain(watch, signal)
      // Who cannot be asked now is asked again; what was known stays.
      if (anew) list = anew
      else isStale = true
      listedAt = performance.now()
    }
    await watch.show({list: withFigures(list, view), at})
  }
  const showing = (async () => {
    while (!signal.aborted) {
      if (isChanged || isStale) await show()
      await sleep(intervalMs, undefined, {signal}).catch(() => undefined)
    }
  })()
  // Whatever ends the showing ends the following, too.
  showing.catch(() => end.abort())
  try {
    for await (const event of source.events(signal)) {
      isStale ||= isNews(view, event)
      view = reduceLive(view, event)
      if (event.kind === 'LiveSample') at = event.at
      isChanged = true
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    end.abort()
    await showing
  }
  if (!given.aborted && isChanged) await show()
  return withFigures(list, view)
}

async function listAgain({list}: PolicyWatch, signal: AbortSignal): Promise<PolicyList | undefined> {
  try {
    return await list()
  } catch (error) {
    if (error instanceof InputError && !signal.aborted) return undefined
    throw error
  }
}

/** Whether a node has other rules than before, or other differences from its policies. */
function isNews({nodes}: LiveView, event: LiveEvent): boolean {
  const before = nodes.get(event.node)
  if (event.kind === 'LiveNode') return before?.live !== undefined && before.live.structure !== event.structure
  if (event.kind === 'LiveFailure') return before !== undefined && !before.failure
  const [old, now] = [before?.sample?.summary.differences, event.summary.differences]
  if (before?.failure) return true
  return (['opens', 'closes', 'other'] as const).some(what => old && now && old[what] !== now[what])
}
