import type {IncomingMessage, OutgoingHttpHeaders} from 'node:http'
import type {Duplex} from 'node:stream'
import type {WebSocket} from 'ws'
import {InputError} from '../../core/problem/input-error.ts'

/** Who waits for the API server. */
export interface WayOptions {
  /** No person waits for it: a login program gets no terminal, and its output is dropped. */
  readonly isUnattended?: boolean
  /** Takes what a login program says to the person, in place of stderr. */
  readonly say?: (text: string) => void
}

/** A port of a pod. */
export interface PodPort {
  readonly namespace: string
  readonly name: string
  readonly port: number
}

/** A request as it goes to the API server. */
export interface Sending {
  readonly method: string
  /** With its query, from `/api` or `/apis` on. */
  readonly path: string
  readonly headers: OutgoingHttpHeaders
  readonly content: string | undefined
  readonly signal: AbortSignal
}

/** A way to an API server: how requests get there, and as whom. */
export interface Way extends AsyncDisposable {
  /**
   * Sends one request.
   *
   * @returns the answer, whose body is not read yet
   * @throws InputError when there is none, for want of a login for example, or what `explain` takes
   */
  send(request: Sending): Promise<IncomingMessage>
  /** Why there was no answer. @param error of `send`, or of reading the body. @param asked method and path, for the sentence */
  explain(error: Error, asked: string): InputError
  /** Begins a WebSocket. It is not open yet: handlers that are attached at once miss nothing. @param signal gives up before it begins */
  upgrade(path: string, protocols: readonly string[], signal: AbortSignal): Promise<WebSocket>
  /** Another way to a port of a pod, for when WebSockets do not get through. Absent where there is none. */
  readonly forwardOtherwise?: (port: PodPort, signal: AbortSignal) => Promise<Duplex>
  /** Removes an object although the person has pressed Ctrl-C. Nobody learns what became of it. */
  deleteLater(path: string): Promise<void>
}

/** What a person can try who has no way to the API server. */
const CHECK = 'Check the context and the network: kubectl cluster-info. A dump can be read without a cluster: --from PATH'

/**
 * The error of a request that did not reach the API server.
 *
 * @param reason in the words of kubectl; empty when there are none
 */
export function unreachable(reason: string, path: string): InputError {
  if (/getting credentials|exec: /.test(reason))
    return new InputError(
      `the login program of the kubeconfig failed: ${reason}`,
      'kubectl get namespaces fails in the same way; run it to log in.',
    )
  return new InputError(`the API server cannot be reached: ${reason || `no reason was given for ${path}`}`, CHECK)
}
