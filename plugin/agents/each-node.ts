import type {NodeFailure} from '../../core/contract/common.ts'
import {InputError} from '../../core/problem/input-error.ts'

/** What the work on one node gave, or why it failed. */
export type NodeResult<Value> =
  | {readonly node: string; readonly value: Value}
  | {readonly node: string; readonly error: InputError}

/** A line that shows how far work is. */
export interface Progress {
  /** Shows a text in place of the last one. */
  show(text: string): void
  clear(): void
}

/** How the person who waits follows work, and ends it. */
export interface Waiting {
  readonly signal: AbortSignal
  readonly progress: Progress
}

export interface EachNodeOptions<Item> extends Waiting {
  readonly nodeOf: (item: Item) => string
  /** Verb for the line of progress: `comparing`. */
  readonly label: string
  /** How many at once. */
  readonly limit?: number
}

/** Agents compare at the same time, so the slowest should be all that is waited for. Connections are cheap for the API server. */
const LIMIT = 256

/**
 * Does some work for many nodes, `limit` of them at once. A node that fails does not stop the others; when `signal` is aborted, those that
 * are not done fail as interrupted.
 *
 * @returns a result for each, in the order given
 */
export async function eachNode<Item, Value>(
  items: readonly Item[],
  work: (item: Item, signal: AbortSignal) => Promise<Value>,
  {nodeOf, label, limit = LIMIT, signal, progress}: EachNodeOptions<Item>,
): Promise<NodeResult<Value>[]> {
  const results: NodeResult<Value>[] = []
  let next = 0
  let done = 0
  const worker = async () => {
    for (let at = next++; at < items.length; at = next++) {
      const item = items[at] as Item
      const node = nodeOf(item)
      try {
        signal.throwIfAborted()
        results[at] = {node, value: await work(item, signal)}
      } catch (error) {
        results[at] = {node, error: failureOf(error, node, signal)}
      }
      progress.show(`${label} ${++done} of ${items.length} nodes`)
    }
  }
  progress.show(`${label} ${items.length} nodes`)
  try {
    await Promise.all(Array.from({length: Math.min(limit, items.length)}, worker))
  } finally {
    progress.clear()
  }
  return results
}

/** Faults of our own are not hidden as a node's failure. */
function failureOf(error: unknown, node: string, signal: AbortSignal): InputError {
  if (signal.aborted) return new InputError(`node ${node}: interrupted`, 'Run the command again.')
  if (error instanceof InputError) return error
  throw error
}

/** The answers of nodes as lists of documents have them: what came, and for which nodes nothing did. */
export function itemsAndFailures<Value>(results: readonly NodeResult<Value>[]): {items: Value[]; failures: NodeFailure[]} {
  return {
    items: results.flatMap(each => ('value' in each ? [each.value] : [])),
    failures: results.flatMap(each =>
      'error' in each ? [{node: each.node, message: each.error.message, next: each.error.next}] : [],
    ),
  }
}

/**
 * The same by the names of the nodes.
 *
 * @throws InputError when only one node was meant, and it failed
 */
export function sortedAnswers<Value>(results: readonly NodeResult<Value>[]): {items: Value[]; failures: NodeFailure[]} {
  const [only] = results
  if (only && results.length === 1 && 'error' in only) throw only.error
  return itemsAndFailures(results.toSorted((a, b) => (a.node < b.node ? -1 : 1)))
}
