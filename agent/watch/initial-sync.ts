import type {SyncState} from '../../core/contract/agent.ts'

/** A copy of the cluster that may still be incomplete. */
export interface SyncSource {
  syncState(): SyncState
  /** @returns removes the listener */
  onChange(listener: () => void): () => void
}

/**
 * Waits for the first lists of an agent that has just started. Resolves at once when there is nothing to wait for: the lists
 * are complete, or reading them failed. Never rejects.
 *
 * @param timeoutMs after which it resolves in any case; so it does when `signal` is aborted
 */
export async function initialSync(cluster: SyncSource, timeoutMs: number, signal?: AbortSignal): Promise<void> {
  const isComing = () => {
    const {state, asOf, failure} = cluster.syncState()
    return state === 'starting' && asOf === undefined && failure === undefined
  }
  if (!isComing() || signal?.aborted) return
  const over = Promise.withResolvers<void>()
  const timer = setTimeout(over.resolve, timeoutMs)
  const stop = cluster.onChange(() => {
    if (!isComing()) over.resolve()
  })
  signal?.addEventListener('abort', () => over.resolve(), {once: true})
  await over.promise
  clearTimeout(timer)
  stop()
}
