import {type IncomingMessage, type ServerResponse, STATUS_CODES} from 'node:http'
import type {Duplex} from 'node:stream'
import type {Refusal} from '../../core/contract/agent.ts'
import {httpStatusOf} from './refusal-codes.ts'

const RETRY_SECONDS = 5

/** Answers a request for a WebSocket with a refusal, and ends the connection. */
export function refuseUpgrade(socket: Duplex, refusal: Refusal): void {
  const body = `${JSON.stringify(refusal)}\n`
  const status = httpStatusOf(refusal.code)
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    ...(status === 401 ? ['WWW-Authenticate: Bearer'] : []),
    ...(status === 429 || status === 503 ? [`Retry-After: ${RETRY_SECONDS}`] : []),
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

export interface Health {
  /** Whether clients may be sent here. */
  readonly isReady: () => boolean
}

/**
 * Answers plain requests: the kubelet's probes on `/healthz` and `/readyz`; 404 and a sentence for everything else. No token
 * is needed, and nothing about the node is said.
 */
export function answerPlain(request: IncomingMessage, response: ServerResponse, {isReady}: Health): void {
  const say = (status: number, text: string) =>
    response.writeHead(status, {'content-type': 'text/plain; charset=utf-8', connection: 'close'}).end(`${text}\n`)
  // A body is not read: the connection ends with the answer.
  const [path] = (request.url ?? '').split('?')
  if (request.method !== 'GET' && request.method !== 'HEAD') say(405, 'only GET is answered')
  else if (path === '/healthz') say(200, 'ok')
  else if (path === '/readyz') say(isReady() ? 200 : 503, isReady() ? 'ok' : 'not ready')
  else say(404, 'npm-agent answers over WebSocket; use kubectl npm')
}
