import {TRPCClientError, type TRPCLink} from '@trpc/client'
import {observable} from '@trpc/server/observable'
import type {WebSocket} from 'ws'
import type {AgentRouter} from '../../agent/rpc/router.ts'

/**
 * What a server of tRPC answers over a WebSocket.
 * Source: https://trpc.io/docs/rpc
 */
interface ResponseMessage {
  readonly id: number | null
  readonly result?: {readonly type: 'started' | 'data' | 'stopped'; readonly data?: unknown}
  readonly error?: {readonly message: string; readonly code: number; readonly data: unknown}
}

interface PendingCall {
  readonly next: (result: ResponseMessage['result']) => void
  readonly error: (error: TRPCClientError<AgentRouter>) => void
  readonly complete: () => void
}

/**
 * Sends calls over one open WebSocket. All clients of agents use it: through a port-forward, and on the unix socket.
 *
 * tRPC's own `wsLink` (11.25) was tried first, and cannot do this. It makes its socket itself and connects again by itself
 * whenever it closes, without an end; a new connection to an agent needs a new token, for a key that may have changed. Only
 * `close()` stops that, and it completes subscriptions as if the agent had ended them, so the reason of the end is lost:
 * whether the token's time is over, the agent is stopped, or the line broke. Of an aborted call the signal's reason is lost,
 * too. Here the end of the socket is the end of all calls, with its reason.
 *
 * There is no back-pressure to add: answers are bounded (`maxPayload`), large ones are asked for piece by piece, and the
 * agent sends no more than is read.
 *
 * @param socket open, and closed by the caller
 * @param whyClosed the error of calls that were not answered, from the code and the reason of the close
 */
export function agentLink(socket: WebSocket, whyClosed: (code: number, reason: string) => Error): TRPCLink<AgentRouter> {
  const pending = new Map<number, PendingCall>()
  let closed: Error | undefined
  let lastId = 0
  socket.on('message', (data: Buffer) => {
    const text = data.toString()
    if (text === 'PING') return socket.send('PONG')
    for (const message of messagesOf(text)) take(message)
  })
  socket.once('close', (code, reason) => {
    closed = whyClosed(code, reason.toString())
    for (const each of pending.values()) each.error(TRPCClientError.from(closed))
    pending.clear()
  })

  function take({id, result, error}: ResponseMessage): void {
    const call = id === null ? undefined : pending.get(id)
    if (!call || id === null) return
    if (error) {
      pending.delete(id)
      call.error(TRPCClientError.from({error} as never))
    } else if (result?.type === 'stopped') {
      pending.delete(id)
      call.complete()
    } else call.next(result)
  }

  return () =>
    ({op}) =>
      observable(observer => {
        const {type, path, input, signal} = op
        if (closed) return observer.error(TRPCClientError.from(closed))
        const id = ++lastId
        const isStream = type === 'subscription'
        pending.set(id, {
          next: result => {
            observer.next({result} as Parameters<typeof observer.next>[0])
            if (isStream) return
            pending.delete(id)
            observer.complete()
          },
          error: error => observer.error(error),
          complete: () => observer.complete(),
        })
        const stop = () => {
          if (!pending.delete(id)) return
          observer.error(TRPCClientError.from(signal?.reason as Error))
        }
        signal?.addEventListener('abort', stop, {once: true})
        socket.send(JSON.stringify({id, method: type, params: {path, input}}))
        return () => {
          signal?.removeEventListener('abort', stop)
          if (pending.delete(id) && isStream && !closed) socket.send(JSON.stringify({id, method: 'subscription.stop'}))
        }
      })
}

/** One message or a batch of them; what is neither is ignored. */
function messagesOf(text: string): ResponseMessage[] {
  try {
    const value = JSON.parse(text) as ResponseMessage | ResponseMessage[]
    return [value].flat().filter(each => typeof each === 'object' && each !== null)
  } catch {
    return []
  }
}
