import {API_VERSION} from '../../core/contract/version.ts'
import type {WriteResult, WriteResultList} from '../../core/contract/writes.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {Waiting} from '../agents/each-node.ts'

export interface InTurnOptions extends Waiting {
  /** How many nodes at once. */
  readonly maxParallel: number
  /** Verb for the line of progress: `writing to`. */
  readonly label: string
  /** Whether the next node is begun after this one. By default when it did what was asked. */
  readonly goesOn?: (result: WriteResult) => boolean
  /** Called with each result as soon as it is there. */
  readonly onResult?: (result: WriteResult) => Promise<void> | void
}

/** Whether a write did what was asked. One that was taken back because something failed did not. */
export const isDone = ({outcome, failedAt}: WriteResult): boolean => outcome !== 'failed' && failedAt === undefined

/**
 * Writes to many nodes, in the order given. The first one that fails ends it: what is under way on other nodes is waited for, and nothing
 * more is begun.
 */
export async function inTurn<Item extends {readonly node: string}>(
  items: readonly Item[],
  work: (item: Item) => Promise<WriteResult>,
  {maxParallel, label, goesOn = isDone, onResult, signal, progress}: InTurnOptions,
): Promise<WriteResultList> {
  const done: WriteResult[] = []
  const failures: WriteResultList['failures'] = []
  let next = 0
  let hasFailed = false
  const worker = async () => {
    while (next < items.length && !hasFailed && !signal.aborted) {
      const item = items[next++] as Item
      progress.show(`${label} ${item.node} (${next} of ${items.length})`)
      try {
        const result = await work(item)
        if (!goesOn(result)) hasFailed = true
        done.push(result)
        progress.clear()
        await onResult?.(result)
      } catch (error) {
        hasFailed = true
        if (!(error instanceof InputError) && !signal.aborted) throw error
        const {message, steps} =
          error instanceof InputError ? error : {message: `node ${item.node}: interrupted`, steps: ['Run the command again.']}
        // Commands end these steps: a full stop behind them would be copied.
        failures.push({node: item.node, message, next: steps.join('; ')})
      }
    }
  }
  try {
    await Promise.all(Array.from({length: Math.min(maxParallel, items.length)}, worker))
  } finally {
    progress.clear()
  }
  return {
    apiVersion: API_VERSION,
    kind: 'WriteResultList',
    items: done,
    failures,
    notDone: items.slice(next).map(({node}) => node),
  }
}
