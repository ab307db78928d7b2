import type {SyncState} from '../../core/contract/agent.ts'

/** A picture of the cluster that is still being made. */
export interface SyncSource {
  syncState(): SyncState
  /** @returns ends the calls */
  onChange(listener: () => void): () => void
}

/**
 * Waits for the first lists of an agent that has just started, as one for a single node has when it is asked. Resolves at once when
 * there is nothing to wait for: they are there, or the API server does not give them.
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
