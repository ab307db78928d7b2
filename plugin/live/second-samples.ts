import {emptyView, type LiveView, reduceLive} from '../../core/live/live-view.ts'
import type {NodeView} from '../../core/live/node-view.ts'
import type {LiveSource} from './live-source.ts'

/** Of slow and lost nodes nobody waits longer, besides two intervals. */
const PATIENCE_MS = 10_000

/**
 * What is known when each node has come twice, has failed, or has kept us waiting for too long. Of a dump: what it holds. Rules that a node
 * counts are read beside its samples: without them nothing says whose the counts are.
 *
 * @param intervalMs between two samples
 * @throws what the source throws
 */
export async function secondSamples(source: LiveSource, intervalMs: number, signal: AbortSignal): Promise<LiveView> {
  let view = emptyView
  const enough = new AbortController()
  const patience = setTimeout(() => enough.abort(), PATIENCE_MS + 2 * intervalMs)
  // Nodes come one after another: none is left out because others came twice before it came once.
  const earliest = Date.now() + intervalMs * 1.5
  const hasAll = (): boolean => Date.now() >= earliest && [...view.nodes.values()].every(isKnown)
  const either = AbortSignal.any([signal, enough.signal])
  try {
    for await (const event of source.events(either)) {
      view = reduceLive(view, event)
      if (source.kind !== 'recording' && hasAll()) break
    }
  } catch (error) {
    if (!enough.signal.aborted) throw error
  } finally {
    clearTimeout(patience)
    enough.abort()
  }
  return view
}

const isKnown = ({rates, counts, live, failure}: NodeView): boolean =>
  failure !== undefined || (rates !== undefined && (counts === undefined || live !== undefined))
