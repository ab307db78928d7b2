import {setTimeout as sleep} from 'node:timers/promises'
import type {AgentStatus} from '../../core/contract/agent.ts'
import type {Agent} from './agent.ts'
import type {Connection} from './connection.ts'
import {demandStill} from './demand-still.ts'

/**
 * The status now, and whenever it has changed. A client that is slow gets the newest and the number of those that it
 * missed. Its right is reviewed again while it listens.
 *
 * @throws RefusedError `FORBIDDEN` when the right was taken away
 */
export async function* statusChanges(
  agent: Agent,
  connection: Connection,
  given: AbortSignal | undefined,
): AsyncGenerator<{status: AgentStatus; skipped: number}> {
  const end = connection.subscribe()
  const {changes, limits} = agent
  const signal = given ? AbortSignal.any([given, connection.signal]) : connection.signal
  try {
    for (let seen = changes.count - 1; !signal.aborted; ) {
      await changes.after(seen, AbortSignal.any([signal, AbortSignal.timeout(limits.goodReviewMs)]))
      await demandStill(agent, connection, 'statusChanges')
      await connection.drained()
      if (signal.aborted) return
      const now = changes.count
      if (now === seen) continue
      yield {status: agent.status(), skipped: now - seen - 1}
      seen = now
      await sleep(limits.changeMs, undefined, {signal}).catch(() => {})
    }
  } finally {
    end()
  }
}
