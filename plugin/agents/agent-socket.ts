import type {IncomingMessage} from 'node:http'
import type {Duplex} from 'node:stream'
import {WebSocket} from 'ws'
import {refusalSchema} from '../../core/contract/agent.ts'
import {InputError} from '../../core/problem/input-error.ts'
import {readBody} from '../kubernetes/read-body.ts'

/** A load balancer on the way may cut a connection that is silent for some minutes. */
const PING_MS = 20_000
const PONG_MS = 30_000
/** Far more than any answer: dumps come in pieces of 256 KiB, a comparison has some MB. */
const LARGEST_MESSAGE_BYTES = 64 * 1024 * 1024
const BODY_BYTES = 16 * 1024

/**
 * Signs in over a stream and opens the WebSocket on it.
 *
 * @param token for the agent's key; none on the unix socket, which only root can open
 * @param node for the words of an error
 * @throws InputError with what the agent says when it refuses
 */
export async function openAgentSocket(
  stream: Duplex,
  token: string | undefined,
  node: string,
  signal: AbortSignal,
): Promise<WebSocket> {
  const socket = new WebSocket('ws://npm-agent/', {
    headers: token === undefined ? {} : {authorization: `Bearer ${token}`},
    createConnection: () => stream,
    perMessageDeflate: false,
    maxPayload: LARGEST_MESSAGE_BYTES,
  })
  socket.on('error', () => {})
  await new Promise<void>((resolve, reject) => {
    const stop = () => reject(signal.reason as Error)
    signal.addEventListener('abort', stop, {once: true})
    const settle = (then: () => void) => {
      signal.removeEventListener('abort', stop)
      then()
    }
    socket.once('open', () => settle(resolve))
    socket.once('error', error => settle(() => reject(error)))
    socket.once('unexpected-response', (_request, response) => {
      void refusalOf(response, node).then(error => settle(() => reject(error)))
    })
  })
  keepAlive(socket)
  return socket
}

async function refusalOf(response: IncomingMessage, node: string): Promise<InputError> {
  const body = await readBody(response, BODY_BYTES)
  const refusal = refusalSchema.partial({code: true}).omit({code: true}).safeParse(jsonOf(body))
  if (refusal.success) return new InputError(`node ${node}: ${refusal.data.message}`, refusal.data.next)
  return new InputError(
    `node ${node}: the agent refused with HTTP status ${response.statusCode}`,
    'Whatever answers there may be no agent, or a far newer one. Update the plugin, or install the agent again.',
  )
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Asks for a sign of life now and then, and ends a connection that gives none. */
function keepAlive(socket: WebSocket): void {
  let lateAt: NodeJS.Timeout | undefined
  const pings = setInterval(() => {
    socket.ping()
    lateAt ??= setTimeout(() => socket.terminate(), PONG_MS).unref()
  }, PING_MS).unref()
  socket.on('pong', () => {
    clearTimeout(lateAt)
    lateAt = undefined
  })
  socket.once('close', () => {
    clearInterval(pings)
    clearTimeout(lateAt)
  })
}
