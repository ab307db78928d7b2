import type {SamplesInput, WireSample} from '../../core/contract/live.ts'
import {limits} from '../limits/limits.ts'
import {nodeName} from '../node/node-name.ts'
import {nodeSource} from '../node/node-source.ts'
import {openLiveReader} from './open-live-reader.ts'
import {samples} from './samples.ts'

/** Reads what this node counts, for who watches on the node itself. Needs root. */
export async function localCounters() {
  const reader = openLiveReader({limits, ...(await nodeSource())})
  return {
    node: nodeName(),
    samples: (input: SamplesInput, signal: AbortSignal): AsyncIterable<WireSample> => samples(reader, input, signal),
    stop: () => reader.stop(),
  }
}
