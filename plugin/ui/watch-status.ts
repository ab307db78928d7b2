import {setTimeout as sleep} from 'node:timers/promises'
import type {NodeChoice} from '../agents/agents.ts'
import type {Cluster} from '../agents/cluster.ts'
import {followStatus} from '../agents/follow-status.ts'
import type {ShowChanges} from './status-changes.ts'
import {StatusTable} from './status-table.ts'

/** Between two updates of the screen: a person cannot follow more. */
const SHOW_MS = 100

/**
 * Keeps a table of agents current and shows every change, until `given` is aborted. While changes are shown, newer ones replace
 * older ones.
 *
 * @returns the table as it is at the end
 */
export async function watchStatus(
  cluster: Cluster,
  choice: NodeChoice,
  given: AbortSignal,
  show: ShowChanges,
): Promise<StatusTable> {
  const table = new StatusTable()
  const end = new AbortController()
  const signal = AbortSignal.any([given, end.signal])
  let wake = () => {}
  const showing = (async () => {
    while (!signal.aborted) {
      if (!table.hasChanges)
        await new Promise<void>(resolve => {
          wake = resolve
        })
      if (signal.aborted) break
      await show(table)
      await sleep(SHOW_MS, undefined, {signal}).catch(() => {})
    }
  })()
  signal.addEventListener('abort', () => wake(), {once: true})
  try {
    await followStatus(cluster, choice, signal, (node, update) => {
      table.update(node, update)
      wake()
    })
  } finally {
    end.abort()
    await showing
  }
  return table
}
