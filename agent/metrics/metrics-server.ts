import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http'
import {type AddressInfo, createServer, type Server, type Socket} from 'node:net'
import {type SecureContext, TLSSocket} from 'node:tls'
import {type MetricsPath, metricsPaths} from '../../core/contract/agent.ts'
import {KeyedRates} from '../limits/keyed-rates.ts'
import type {Limits} from '../limits/limits.ts'
import {LineBudget} from '../limits/line-budget.ts'
import {RefusedError, refused} from '../limits/refusal.ts'
import {UnauthenticatedConnections} from '../limits/unauthenticated-connections.ts'
import type {Log} from '../log.ts'
import {httpStatusOf} from '../rpc/refusal-codes.ts'
import type {Page} from './page.ts'

export interface MetricsServerOptions {
  readonly limits: Limits
  readonly log: Log
  /** TLS, and who is let in. Undefined: plain HTTP for everybody, as Azure NPM serves its pages. */
  readonly access:
    | {
        readonly secureContext: SecureContext
        /** @throws RefusedError for who may not read the page */
        readonly demand: (header: string | undefined, path: MetricsPath, signal: AbortSignal) => Promise<void>
      }
    | undefined
  /** @throws RefusedError when there is none */
  readonly page: (path: MetricsPath) => Promise<Page>
  /** Called for each scrape of a page. */
  readonly onScrape: (isAnswered: boolean) => void
}

const TEXT = {'content-type': 'text/plain; charset=utf-8'}
const EXPOSITION = {'content-type': 'text/plain; version=0.0.4; charset=utf-8', vary: 'accept-encoding'}
const RETRY_SECONDS = '5'
/** Of how many it is known how often they came. */
const KNOWN_ADDRESSES = 1000

/** Serves metrics over HTTP. What a request says beside its path, its encoding and its token is not looked at, and never logged. */
export class MetricsServer {
  private readonly options: MetricsServerOptions
  private readonly http: HttpServer
  private readonly server: Server
  private readonly strangers: UnauthenticatedConnections
  /** Scrapers, the one that was not heard of for longest first. */
  private readonly scrapers = new Set<Socket>()
  private readonly refusals: LineBudget

  constructor(options: MetricsServerOptions) {
    const {limits, access} = options
    this.options = options
    this.refusals = new LineBudget(limits.loggedLines, limits.loggedLinesPerSecond)
    this.strangers = new UnauthenticatedConnections(limits.unauthenticatedConnections, limits.signInMs)
    this.http = createHttpServer(
      {
        maxHeaderSize: limits.headerBytes,
        headersTimeout: limits.signInMs,
        requestTimeout: limits.signInMs,
        keepAliveTimeout: limits.scraperIdleMs,
      },
      (request, response) => void this.serve(request, response),
    )
    // What is no HTTP, or comes too slowly, gets no answer.
    this.http.on('clientError', (_error, socket) => socket.destroy())
    const rates = new KeyedRates(limits.scraperBurst, limits.scrapersPerSecond, KNOWN_ADDRESSES)
    this.server = createServer(raw => {
      if (!rates.take(raw.remoteAddress ?? '')) return void raw.destroy()
      const socket = access ? new TLSSocket(raw, {isServer: true, secureContext: access.secureContext}) : raw
      let isSecure = false
      socket.once('secure', () => (isSecure = true))
      this.strangers.add(socket, () => (isSecure ? 'secure' : raw.bytesRead > 0 ? 'handshake' : 'silent'))
      this.http.emit('connection', socket)
    })
  }

  /** @throws Error of the operating system when it cannot listen there */
  async listen(host: string | undefined, port: number): Promise<AddressInfo> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject)
      this.server.listen({port, ...(host !== undefined && {host})}, () => {
        this.server.off('error', reject)
        resolve()
      })
    })
    // Of a connection that could not be accepted: others can.
    this.server.on('error', () => {})
    return this.server.address() as AddressInfo
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>(resolve => void this.server.close(() => resolve()))
    this.strangers.destroyAll()
    for (const socket of this.scrapers) socket.destroy()
    this.http.closeAllConnections()
    if (this.server.listening) await closed
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    try {
      const path = pathOf(request)
      if (path === undefined) return end(response, 404, `the pages are ${metricsPaths.join(' and ')}`)
      if (request.method !== 'GET' && request.method !== 'HEAD') return end(response, 405, 'metrics are read with GET')
      await this.options.access?.demand(request.headers.authorization, path, gone.signal)
      this.letIn(request.socket)
      const page = await this.options.page(path)
      if (gone.signal.aborted) return
      this.options.onScrape(true)
      const isGzip = takesGzip(request)
      const body = isGzip ? await page.gzipped() : page.plain
      const late = setTimeout(() => request.socket.destroy(), this.options.limits.scrapeSendMs)
      response.once('close', () => clearTimeout(late))
      response
        .writeHead(200, {...EXPOSITION, ...(isGzip && {'content-encoding': 'gzip'}), 'content-length': body.length})
        .end(body)
    } catch (error) {
      if (gone.signal.aborted) return
      this.options.onScrape(false)
      const {code, message, next} = this.refusalOf(error)
      end(response, httpStatusOf(code), `${message}\n${next}`)
    }
  }

  /** The connection of somebody who may scrape has no deadline any more. When there are too many, the quietest makes room. */
  private letIn(socket: Socket): void {
    this.strangers.accept(socket)
    if (!this.scrapers.delete(socket)) socket.once('close', () => this.scrapers.delete(socket))
    this.scrapers.add(socket)
    const [quietest] = this.scrapers
    if (this.scrapers.size <= this.options.limits.scrapers || !quietest) return
    this.scrapers.delete(quietest)
    quietest.destroy()
  }

  private refusalOf(error: unknown): RefusedError['refusal'] {
    const {refusal} =
      error instanceof RefusedError ? error : refused('READ_FAILED', 'the agent failed to make the page', 'Look at its log.')
    const count = this.refusals.take()
    if (count) {
      const reason = error instanceof RefusedError ? refusal.message : String(error)
      this.options.log.warn({code: refusal.code, reason: reason.slice(0, SHOWN), ...count}, 'A scrape was refused')
    }
    return refusal
  }
}

/** Characters of a reason that are logged: it may hold text of whoever was refused. */
const SHOWN = 300

/** The page that is asked for. A query says nothing. */
function pathOf({url = ''}: IncomingMessage): MetricsPath | undefined {
  const [path] = url.split('?', 1)
  return metricsPaths.find(each => each === path)
}

/** Whether `gzip` is among the encodings that are taken, and not with a weight of zero. */
function takesGzip({headers}: IncomingMessage): boolean {
  const encodings = (headers['accept-encoding'] ?? '').toLowerCase().split(',')
  return encodings.some(each => /^\s*gzip\s*(?:;\s*q\s*=\s*(?!0(?:\.0*)?\s*$).*)?$/.test(each))
}

/** An answer in words. The connection ends with it: a body that was sent along is not read. */
function end(response: ServerResponse, status: number, text: string): void {
  const headers: OutgoingHttpHeaders = {...TEXT, connection: 'close'}
  if (status === 401) headers['www-authenticate'] = 'Bearer'
  if (status === 405) headers['allow'] = 'GET, HEAD'
  if (status === 429 || status === 503) headers['retry-after'] = RETRY_SECONDS
  response.writeHead(status, headers).end(`${text}\n`)
}
