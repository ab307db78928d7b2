/** Hears what a subscription of tRPC says. */
interface Hearing {
  readonly onData: (data: unknown) => void
  readonly onError: (error: Error) => void
  readonly onComplete: () => void
}

/**
 * Listens to a subscription until it ends, or `signal` is aborted.
 *
 * @param subscribe to what
 * @param onData what it throws ends the subscription, and is thrown
 * @throws what the agent, or the connection, ends it with
 */
export function listen(
  subscribe: (hearing: Hearing) => {unsubscribe(): void},
  signal: AbortSignal,
  onData: (data: unknown) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    // Not by a signal of the call itself: for that the client only looks away, and the agent would go on.
    const leave = () => {
      subscription.unsubscribe()
      resolve()
    }
    const over = (settle: () => void) => () => {
      signal.removeEventListener('abort', leave)
      settle()
    }
    const subscription = subscribe({
      onData: data => {
        try {
          onData(data)
        } catch (error) {
          subscription.unsubscribe()
          over(() => reject(error))()
        }
      },
      // Leaving is no failure, whoever says it first.
      onError: error => over(() => (signal.aborted ? resolve() : reject(error)))(),
      onComplete: over(resolve),
    })
    signal.addEventListener('abort', leave, {once: true})
    if (signal.aborted) leave()
  })
}
