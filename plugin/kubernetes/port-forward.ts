import type {IncomingMessage} from 'node:http'
import {Duplex} from 'node:stream'
import type {WebSocket} from 'ws'
import {InputError} from '../../core/problem/input-error.ts'
import type {ClusterApi} from './api.ts'
import {apiErrorOf} from './api-error.ts'
import {isOfProxy} from './proxy-answer.ts'
import {readBody} from './read-body.ts'
import type {PodPort} from './way.ts'

/** Binary frames whose first byte is the channel: 0 data, 1 errors. Each channel starts with the port, two bytes. */
const PROTOCOL = 'v4.channel.k8s.io'
const DATA = 0
const ERRORS = 1
const PORT_BYTES = 2
const DATA_CHANNEL = Buffer.of(DATA)

/** The WebSocket did not get through to the API server; `kubectl port-forward` may. */
export class NoUpgradeError extends InputError {}

const BODY_BYTES = 64 * 1024

/**
 * Opens one connection to a port of a pod, through the API server and the kubelet.
 *
 * @param signal gives up; afterwards the connection is the caller's
 * @throws ApiError when the API server refuses, NoUpgradeError when something on the way knows no WebSockets
 */
export async function openPortForward(api: ClusterApi, {namespace, name, port}: PodPort, signal: AbortSignal): Promise<Duplex> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/portforward?ports=${port}`
  const socket = await api.upgrade(path, [PROTOCOL], signal)
  // The first frames may come in one packet with the answer: the listener has to be there before.
  const forward = new PortForward(socket)
  forward.once('error', () => {})
  try {
    await opened(socket, signal, response => refusal(response, {method: 'GET', path, agentNamespace: api.agentNamespace}))
    return forward
  } catch (error) {
    forward.destroy()
    throw error
  }
}

function opened(socket: WebSocket, signal: AbortSignal, refusedBy: (response: IncomingMessage) => Promise<Error>): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error)
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop, {once: true})
    const settle = (then: () => void) => {
      signal.removeEventListener('abort', stop)
      then()
    }
    socket.once('open', () => settle(resolve))
    socket.once('error', error =>
      settle(() => reject(new NoUpgradeError(`the port-forward failed: ${error.message}`, 'Try again.'))),
    )
    socket.once(
      'unexpected-response',
      (_request, response) => void refusedBy(response).then(error => settle(() => reject(error))),
    )
  })
}

async function refusal(response: IncomingMessage, asked: Parameters<typeof apiErrorOf>[2]): Promise<Error> {
  const body = await readBody(response, BODY_BYTES)
  const status = response.statusCode ?? 0
  const isStatus = body.trimStart().startsWith('{')
  // The API server names the missing right for `get`, and not for `create`.
  const method = status === 403 && !body.includes(' cannot ') ? 'POST' : asked.method
  if (isStatus && !isOfProxy(response)) return apiErrorOf(status, body, {...asked, method})
  return new NoUpgradeError(
    `the port-forward was answered with HTTP status ${status}: ${body.trim().slice(0, 500)}`,
    'Something between here and the API server knows no WebSockets.',
  )
}

/**
 * A WebSocket port-forward as a stream. A slow reader slows down the far end: at most one frame is buffered here. There is no
 * half-close: ending the stream ends both directions.
 */
class PortForward extends Duplex {
  private readonly socket: WebSocket
  private readonly unread = [PORT_BYTES, PORT_BYTES]
  private failure = ''

  constructor(socket: WebSocket) {
    super({allowHalfOpen: false})
    this.socket = socket
    socket.on('message', frame => this.onFrame(frame as Buffer))
    socket.on('close', code => this.onClose(code))
  }

  override _read(): void {
    if (this.socket.isPaused) this.socket.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // After the far end has closed, writes are dropped, as on any socket; its last data can still be read.
    if (this.socket.readyState !== this.socket.OPEN) done()
    else this.socket.send(Buffer.concat([DATA_CHANNEL, chunk]), {binary: true}, done)
  }

  override _final(done: () => void): void {
    this.socket.close()
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.socket.terminate()
    done(error)
  }

  private onFrame(frame: Buffer): void {
    const channel = frame[0] ?? -1
    if (channel !== DATA && channel !== ERRORS) return
    const skipped = Math.min(this.unread[channel] ?? 0, frame.length - 1)
    this.unread[channel] = (this.unread[channel] ?? 0) - skipped
    const content = frame.subarray(1 + skipped)
    if (content.length === 0) return
    if (channel === ERRORS) this.failure += content.toString()
    else if (!this.push(content)) this.socket.pause()
  }

  private onClose(code: number): void {
    if (this.failure !== '') this.destroy(new Error(this.failure.trim()))
    else if (code === 1000 || this.writableFinished) this.push(null)
    else this.destroy(new Error(`the port-forward broke off (WebSocket close code ${code})`))
  }
}
