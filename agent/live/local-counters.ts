import type {SamplesInput, WireSample} from '../../core/contract/live.ts'
import {limits} from '../limits/limits.ts'
import {nodeName} from '../node/node-name.ts'
import {run} from '../node/run.ts'
import {openLiveReader} from './open-live-reader.ts'
import {samples} from './samples.ts'

/** Counts what this node's kernel counts, for who watches on the node itself. Needs root. */
export function localCounters() {
  const reader = openLiveReader({limits, run})
  return {
    node: nodeName(),
    samples: (input: SamplesInput, signal: AbortSignal): AsyncIterable<WireSample> => samples(reader, input, signal),
    stop: () => reader.stop(),
  }
}
