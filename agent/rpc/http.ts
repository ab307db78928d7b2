import {type IncomingMessage, type ServerOptions, type ServerResponse, STATUS_CODES} from 'node:http'
import type {Duplex} from 'node:stream'
import type {Refusal} from '../../core/contract/agent.ts'
import type {Limits} from '../limits/limits.ts'
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

/** What the HTTP of an agent may take. A client sends one request, which becomes its WebSocket. */
export const httpLimits = (limits: Limits): ServerOptions => ({
  maxHeaderSize: limits.headerBytes,
  headersTimeout: limits.signInMs,
  requestTimeout: limits.signInMs,
  keepAliveTimeout: 1,
})

/** Answers a request that is not for a WebSocket. A body is not read: the connection ends with the answer. */
export function refusePlain(_request: IncomingMessage, response: ServerResponse): void {
  const headers = {'content-type': 'text/plain; charset=utf-8', connection: 'close, upgrade', upgrade: 'websocket'}
  response.writeHead(426, headers).end('npm-agent answers over WebSocket; use kubectl npm\n')
}
