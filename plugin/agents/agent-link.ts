import {TRPCClientError, type TRPCLink} from '@trpc/client'
import {observable} from '@trpc/server/observable'
import type {WebSocket} from 'ws'
import type {AgentRouter} from '../../agent/rpc/router.ts'

/** A message of tRPC over WebSockets. */
interface Answer {
  readonly id: number | null
  readonly result?: {readonly type: 'started' | 'data' | 'stopped'; readonly data?: unknown}
  readonly error?: {readonly message: string; readonly code: number; readonly data: unknown}
}

interface Waiting {
  readonly next: (result: Answer['result']) => void
  readonly error: (error: TRPCClientError<AgentRouter>) => void
  readonly complete: () => void
}

/**
 * Sends calls over one open WebSocket. tRPC's own link connects again by itself; a new connection to an agent needs a new
 * token for a key that may have changed, so here the end of the socket is the end of all calls.
 *
 * @param whyClosed what to say of calls that were not answered
 */
export function agentLink(socket: WebSocket, whyClosed: (code: number, reason: string) => Error): TRPCLink<AgentRouter> {
  const waiting = new Map<number, Waiting>()
  let closed: Error | undefined
  let lastId = 0
  socket.on('message', (data: Buffer) => {
    const text = data.toString()
    if (text === 'PING') return socket.send('PONG')
    for (const answer of answersOf(text)) take(answer)
  })
  socket.once('close', (code, reason) => {
    closed = whyClosed(code, reason.toString())
    for (const each of waiting.values()) each.error(TRPCClientError.from(closed))
    waiting.clear()
  })

  function take({id, result, error}: Answer): void {
    const asked = id === null ? undefined : waiting.get(id)
    if (!asked || id === null) return
    if (error) {
      waiting.delete(id)
      asked.error(TRPCClientError.from({error} as never))
    } else if (result?.type === 'stopped') {
      waiting.delete(id)
      asked.complete()
    } else asked.next(result)
  }

  return () =>
    ({op}) =>
      observable(observer => {
        const {type, path, input, signal} = op
        if (closed) return observer.error(TRPCClientError.from(closed))
        const id = ++lastId
        const isStream = type === 'subscription'
        waiting.set(id, {
          next: result => {
            observer.next({result} as Parameters<typeof observer.next>[0])
            if (isStream) return
            waiting.delete(id)
            observer.complete()
          },
          error: error => observer.error(error),
          complete: () => observer.complete(),
        })
        const stop = () => {
          if (!waiting.delete(id)) return
          observer.error(TRPCClientError.from(signal?.reason as Error))
        }
        signal?.addEventListener('abort', stop, {once: true})
        socket.send(JSON.stringify({id, method: type, params: {path, input}}))
        return () => {
          signal?.removeEventListener('abort', stop)
          if (waiting.delete(id) && isStream && !closed) socket.send(JSON.stringify({id, method: 'subscription.stop'}))
        }
      })
}

/** One answer or a batch of them; what is neither is passed over. */
function answersOf(text: string): Answer[] {
  try {
    const value = JSON.parse(text) as Answer | Answer[]
    return [value].flat().filter(each => typeof each === 'object' && each !== null)
  } catch {
    return []
  }
}
