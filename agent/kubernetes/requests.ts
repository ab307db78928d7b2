import http, {type ClientRequest, type IncomingMessage} from 'node:http'
import https from 'node:https'
import {isDeepStrictEqual} from 'node:util'
import {createGunzip} from 'node:zlib'
import type {Access, ReadAccess} from './access.ts'
import type {ApiServer} from './api-server.ts'
import {ApiServerError} from './api-server-error.ts'
import {boundedLines} from './bounded-lines.ts'

/** To a connection with TLS. A request to a host that is silent would else wait for the next try of its kernel, up to a minute. */
const CONNECT_TIMEOUT_MS = 10_000
/** To the first byte of an answer. The API server itself gives up after 60 s. */
const ANSWER_TIMEOUT_MS = 65_000
/** Between two pieces of an answer that has an end. */
const SILENCE_TIMEOUT_MS = 30_000
const ACCESS_LIFE_MS = 60_000
const LARGEST_ANSWER_BYTES = 64 * 1024 ** 2
const LARGEST_REFUSAL_BYTES = 64 * 1024
/** etcd takes objects of 1.5 MB; as JSON they are a few times larger. */
const LONGEST_LINE_BYTES = 8 * 1024 ** 2
/** A dead peer is found by the kernel in under a minute: first probe, interval, number. */
const KEEP_ALIVE = [20_000, 10_000, 3] as const

interface Request {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: string
  readonly isGzipWelcome?: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * Requests over kept connections, with credentials that are read again when they may be old.
 *
 * Own code on node:http rather than undici. Memory is no reason: an idle process that serves TLS and has made one request
 * has 104.8 MB with this and 105.6 MB with undici 7.30's Agent (Node 26, median of five). What undici brings, timeouts and a
 * limit on an answer, is some thirty lines here. The rest would be ours with it, too: credentials and authorities that
 * change, one more try after a 401 or on a kept connection that was closed, gzip, bounded lines, and what a refusal says.
 * node:http reports whether a connection had been kept (`reusedSocket`), which decides whether a POST may be sent again;
 * undici does not. node:http is loaded in any case, for the agent's own server.
 */
export class Requests implements ApiServer {
  private readonly readAccess: ReadAccess
  private readonly now: () => number
  private access: Access
  private agent: http.Agent
  private readAt: number
  private reading: Promise<boolean> | undefined

  constructor(readAccess: ReadAccess, access: Access, now: () => number) {
    this.readAccess = readAccess
    this.now = now
    this.access = access
    this.agent = agentFor(access)
    this.readAt = now()
  }

  async get(path: string, signal?: AbortSignal): Promise<unknown> {
    const request: Request = {method: 'GET', path, isGzipWelcome: true, signal}
    return this.parsed(request, await this.open(request))
  }

  async post(path: string, body: unknown, signal?: AbortSignal): Promise<unknown> {
    const request: Request = {method: 'POST', path, body: JSON.stringify(body), signal}
    return this.parsed(request, await this.open(request))
  }

  async *lines(path: string, signal: AbortSignal, onOpen?: () => void): AsyncGenerator<string> {
    // Not compressed: a compressor holds back what it has until there is more.
    const request: Request = {method: 'GET', path, signal}
    const answer = await this.open(request)
    onOpen?.()
    try {
      yield* boundedLines(answer, LONGEST_LINE_BYTES)
    } catch (error) {
      signal.throwIfAborted()
      throw this.broken(request, error)
    } finally {
      answer.destroy()
    }
  }

  /** @returns the answer to a request that was not refused */
  private async open(request: Request): Promise<IncomingMessage> {
    request.signal?.throwIfAborted()
    if (this.now() - this.readAt > ACCESS_LIFE_MS) await this.renew()
    const answer = await this.sendTwice(request)
    const status = answer.statusCode ?? 0
    if (status >= 200 && status < 300) return answer
    throw await this.refusal(request, status, answer)
  }

  private async sendTwice(request: Request): Promise<IncomingMessage> {
    try {
      const answer = await this.send(request)
      if (answer.statusCode !== 401) return answer
      await this.renew()
      answer.resume()
      return await this.send(request)
    } catch (error) {
      request.signal?.throwIfAborted()
      if (error instanceof ClosedBefore || (isTlsFailure(error) && (await this.renew()))) {
        try {
          return await this.send(request)
        } catch (again) {
          request.signal?.throwIfAborted()
          throw this.broken(request, again)
        }
      }
      throw this.broken(request, error)
    }
  }

  /** @returns whether anything is new. What cannot be read just now leaves what was there. */
  private async renew(): Promise<boolean> {
    this.reading ??= this.readAgain().finally(() => (this.reading = undefined))
    return this.reading
  }

  private async readAgain(): Promise<boolean> {
    this.readAt = this.now()
    let access: Access
    try {
      access = await this.readAccess()
    } catch {
      return false
    }
    const before = this.access
    this.access = access
    // Connections are for one identity and one authority; those under way end by themselves.
    if (!isDeepStrictEqual(before.tls, access.tls)) this.agent = agentFor(access)
    return !isDeepStrictEqual(before, access)
  }

  private send({method, path, body, isGzipWelcome, signal}: Request): Promise<IncomingMessage> {
    const {server, token} = this.access
    const {promise, resolve, reject} = Promise.withResolvers<IncomingMessage>()
    const request: ClientRequest = (server.protocol === 'http:' ? http : https).request({
      agent: this.agent,
      method,
      hostname: server.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: server.port === '' ? undefined : server.port,
      path: server.pathname.replace(/\/$/, '') + path,
      headers: {
        // The key set is JSON of a type of its own, and refused to who wants nothing but JSON.
        Accept: 'application/json, */*',
        'User-Agent': 'npm-agent',
        ...(isGzipWelcome && {'Accept-Encoding': 'gzip'}),
        ...(token !== undefined && {Authorization: `Bearer ${token}`}),
        ...(body !== undefined && {'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body)}),
      },
      ...(signal && {signal}),
    })
    const timer = setTimeout(() => request.destroy(new Timeout(ANSWER_TIMEOUT_MS)), ANSWER_TIMEOUT_MS)
    request.on('socket', socket => {
      socket.setKeepAlive(true, ...KEEP_ALIVE)
      if (!socket.connecting) return
      const connecting = setTimeout(() => request.destroy(new Timeout(CONNECT_TIMEOUT_MS)), CONNECT_TIMEOUT_MS)
      for (const event of [server.protocol === 'http:' ? 'connect' : 'secureConnect', 'close'])
        socket.once(event, () => clearTimeout(connecting))
    })
    request.on('response', answer => {
      clearTimeout(timer)
      resolve(answer)
    })
    request.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      reject(request.reusedSocket && error.code === 'ECONNRESET' ? new ClosedBefore() : error)
    })
    request.end(body)
    return promise
  }

  private async parsed(request: Request, answer: IncomingMessage): Promise<unknown> {
    const content = await this.content(request, answer, LARGEST_ANSWER_BYTES)
    try {
      return JSON.parse(content)
    } catch {
      throw new ApiServerError(0, `${this.about(request)}: the answer is no JSON`, 'BAD_ANSWER')
    }
  }

  private async content(request: Request, answer: IncomingMessage, largestBytes: number): Promise<string> {
    const pieces: Buffer[] = []
    let size = 0
    const stop = (error: Error) => answer.destroy(error)
    const timer = setTimeout(() => stop(new Timeout(SILENCE_TIMEOUT_MS)), SILENCE_TIMEOUT_MS)
    try {
      for await (const piece of unzipped(answer)) {
        timer.refresh()
        size += piece.length
        if (size > largestBytes) throw new TooLarge(largestBytes)
        pieces.push(piece)
      }
      return Buffer.concat(pieces).toString('utf8')
    } catch (error) {
      request.signal?.throwIfAborted()
      throw this.broken(request, error)
    } finally {
      clearTimeout(timer)
      answer.destroy()
    }
  }

  /** For messages. Never more of a request: headers and queries are nobody's business. */
  private about({method, path}: Request): string {
    return `${method} ${path.split('?', 1)[0]} of ${this.access.server.origin}`
  }

  private broken(request: Request, error: unknown): ApiServerError {
    const {message, code} = error as NodeJS.ErrnoException
    return new ApiServerError(0, `${this.about(request)}: ${message}`, code ?? 'BAD_ANSWER')
  }

  /** The server says why in an object of kind Status; proxies before it say what they like. */
  private async refusal(request: Request, status: number, answer: IncomingMessage): Promise<ApiServerError> {
    const content = await this.content(request, answer, LARGEST_REFUSAL_BYTES).catch(() => '')
    let said: {message?: unknown; reason?: unknown} = {}
    try {
      said = JSON.parse(content) as typeof said
    } catch {
      said = {message: content.trim().slice(0, 300)}
    }
    const message = typeof said?.message === 'string' && said.message !== '' ? said.message : (answer.statusMessage ?? '')
    return new ApiServerError(
      status,
      `${this.about(request)} was refused with ${status}: ${message}`,
      typeof said?.reason === 'string' ? said.reason : undefined,
    )
  }
}

/** A kept connection was closed before anything of an answer came: the request was not looked at. */
class ClosedBefore extends Error {
  readonly code = 'ECONNRESET'
  constructor() {
    super('the connection was closed')
  }
}

class Timeout extends Error {
  readonly code = 'TIMEOUT'
  constructor(timeoutMs: number) {
    super(`nothing came for ${timeoutMs / 1000} s`)
  }
}

class TooLarge extends Error {
  readonly code = 'TOO_LARGE'
  constructor(largestBytes: number) {
    super(`the answer is larger than ${largestBytes} bytes`)
  }
}

function agentFor({server, tls}: Access): http.Agent {
  const kept = {keepAlive: true, maxFreeSockets: 2, timeout: 60_000}
  return server.protocol === 'http:' ? new http.Agent(kept) : new https.Agent({...kept, ...tls})
}

const isTlsFailure = (error: unknown): boolean =>
  /^(?:CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_|ERR_SSL_|ERR_OSSL_)/.test((error as {code?: string}).code ?? '')

function unzipped(answer: IncomingMessage): AsyncIterable<Buffer> {
  if (answer.headers['content-encoding'] !== 'gzip') return answer
  const gunzip = createGunzip()
  answer.on('error', error => gunzip.destroy(error))
  return answer.pipe(gunzip)
}
