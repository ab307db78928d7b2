import {setTimeout as sleep} from 'node:timers/promises'
import type {NodeChoice} from '../agents/agents.ts'
import type {Cluster} from '../agents/cluster.ts'
import {followStatus} from '../agents/follow-status.ts'
import {StatusTable} from './status-table.ts'

/** No eye follows more. */
const SHOW_MS = 100

/** Prints what has changed since it was last called. */
export type ShowChanges = (board: StatusTable) => Promise<void>

/**
 * Keeps a board current and shows every change, until `given` is aborted. While something is shown, newer changes replace older
 * ones.
 *
 * @returns the board as it is at the end
 */
export async function watchStatus(
  cluster: Cluster,
  choice: NodeChoice,
  given: AbortSignal,
  show: ShowChanges,
): Promise<StatusTable> {
  const board = new StatusTable()
  const end = new AbortController()
  const signal = AbortSignal.any([given, end.signal])
  let wake = () => {}
  const showing = (async () => {
    while (!signal.aborted) {
      if (!board.hasChanges)
        await new Promise<void>(resolve => {
          wake = resolve
        })
      if (signal.aborted) break
      await show(board)
      await sleep(SHOW_MS, undefined, {signal}).catch(() => {})
    }
  })()
  signal.addEventListener('abort', () => wake(), {once: true})
  try {
    await followStatus(cluster, choice, signal, (node, news) => {
      board.take(node, news)
      wake()
    })
  } finally {
    end.abort()
    await showing
  }
  return board
}
