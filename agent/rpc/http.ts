import type {IncomingMessage, ServerResponse} from 'node:http'
import type {Duplex} from 'node:stream'
import type {Refusal} from '../../core/contract/agent.ts'

const STATUSES: Readonly<Record<Refusal['code'], string>> = {
  NO_TOKEN: '401 Unauthorized',
  BAD_TOKEN: '401 Unauthorized',
  TOKEN_TOO_OLD: '401 Unauthorized',
  WRONG_ACCOUNT: '403 Forbidden',
  FORBIDDEN: '403 Forbidden',
  TOO_MANY: '429 Too Many Requests',
  REVIEW_FAILED: '503 Service Unavailable',
  OTHER_CONTRACT: '400 Bad Request',
  NO_SNAPSHOT: '404 Not Found',
  NO_KNOWLEDGE: '503 Service Unavailable',
  READ_FAILED: '500 Internal Server Error',
}
const RETRY_SECONDS = 5

/** Answers a request for a WebSocket with a refusal, and ends the connection. */
export function refuseUpgrade(socket: Duplex, refusal: Refusal): void {
  const body = `${JSON.stringify(refusal)}\n`
  const status = STATUSES[refusal.code]
  const head = [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    ...(status.startsWith('401') ? ['WWW-Authenticate: Bearer'] : []),
    ...(status.startsWith('429') || status.startsWith('503') ? [`Retry-After: ${RETRY_SECONDS}`] : []),
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

export interface Health {
  /** Whether clients may be sent here. */
  readonly isReady: () => boolean
}

/** Answers plain requests: the kubelet's probes, and words for whoever looks around. No token is asked for, nothing is told. */
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
