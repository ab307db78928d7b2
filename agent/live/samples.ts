import type {SamplesInput, WireSample} from '../../core/contract/live.ts'
import {type Counted, countsSince} from '../../core/live/live-counts.ts'
import type {LiveReader} from './live-reader.ts'

/**
 * What is counted on this node, as one client is told it: the first time all of it, then what has changed since.
 *
 * @param ready resolves when the client can take the next one; at latest so often it is called, too, while nothing comes
 * @throws RefusedError when the node cannot be read, and what `ready` throws
 */
export async function* samples(
  reader: LiveReader,
  {intervalMs, detail}: SamplesInput,
  signal: AbortSignal,
  ready: () => Promise<void> = async () => {},
  readyMs = Number.MAX_SAFE_INTEGER,
): AsyncGenerator<WireSample> {
  using viewer = reader.watch(intervalMs)
  let told: Counted | undefined
  for (;;) {
    const turn = readyMs < 2 ** 31 ? AbortSignal.any([signal, AbortSignal.timeout(readyMs)]) : signal
    await viewer.due(turn)
    await ready()
    if (signal.aborted) return
    const reading = viewer.take()
    if (!reading) continue
    const {at, structure, summary, readMs, pauseMs} = reading
    yield {
      at,
      structure,
      summary,
      ...(detail === 'rules' && {counts: countsSince(told, reading)}),
      readMs: Math.round(readMs * 10) / 10,
      intervalMs: Math.round(Math.max(intervalMs, pauseMs)),
      skipped: viewer.takeSkipped(),
    }
    told = reading
  }
}
