import type {SamplesInput, WireSample} from '../../core/contract/live.ts'
import {samples} from '../live/samples.ts'
import type {Agent} from './agent.ts'
import type {Connection} from './connection.ts'
import {demandStill} from './demand-still.ts'

/**
 * What is counted on this node, for one client, until it leaves. A client that is slow gets the newest sample and the number of those that
 * it missed. Its right is reviewed again while it listens.
 *
 * @throws RefusedError `FORBIDDEN` when the right was taken away; `READ_FAILED` when the node cannot be read
 */
export async function* samplesFor(
  agent: Agent,
  connection: Connection,
  input: SamplesInput,
  given: AbortSignal | undefined,
): AsyncGenerator<WireSample> {
  const end = connection.subscribe()
  const signal = given ? AbortSignal.any([given, connection.signal]) : connection.signal
  const ready = async () => {
    await demandStill(agent, connection, 'samples')
    await connection.drained()
  }
  try {
    yield* samples(agent.live, input, signal, ready, agent.limits.goodReviewMs)
  } finally {
    end()
  }
}
