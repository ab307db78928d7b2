import type {IncomingMessage} from 'node:http'
import type {Duplex} from 'node:stream'
import type {WebSocket} from 'ws'
import type {ZodType} from 'zod'
import {InputError} from '../../core/problem/input-error.ts'
import {readAnswer} from './answer-shapes.ts'
import {apiErrorOf} from './api-error.ts'
import {type ClusterFlags, requestTimeoutMs, requireNamespaceName} from './flags.ts'
import {oneLine} from './kubectl.ts'
import {openWay} from './open-way.ts'
import {isOfProxy} from './proxy-answer.ts'
import {BusyServer, type Say} from './retry-after.ts'
import {type PodPort, unreachable, type Way, type WayOptions} from './way.ts'

export interface RequestOptions {
  /** Sent as it is when it is text, else as JSON. */
  readonly body?: unknown
  /** `application/json` unless told otherwise. */
  readonly contentType?: string
  /** `application/json` unless told otherwise. */
  readonly accept?: string
  readonly signal?: AbortSignal
  /** The person's `--request-timeout` wins over it. Without either there is no limit: somebody may have to log in first. */
  readonly timeoutMs?: number
}

export interface ApiResponse {
  readonly status: number
  /** Texts of the `Warning:` headers. */
  readonly warnings: readonly string[]
  readonly body: string
}

/** Requests to the API server, with the identity that kubectl would have. */
export interface ClusterApi extends AsyncDisposable {
  /** Namespace of the agents. */
  readonly agentNamespace: string
  /**
   * Sends one request. An answer of the API server is an answer, whatever its status.
   *
   * @param path with its query, from `/api` or `/apis` on
   * @throws InputError when there is no answer
   */
  request(method: string, path: string, options?: RequestOptions): Promise<ApiResponse>
  /**
   * Sends one request and reads the JSON of the answer.
   *
   * @throws ApiError when the API server refuses, InputError when there is no answer, or one of another shape
   */
  call<T>(method: string, path: string, shape: ZodType<T>, options?: RequestOptions): Promise<T>
  /** `call` for GET. */
  get<T>(path: string, shape: ZodType<T>, options?: RequestOptions): Promise<T>
  /** Begins a WebSocket. It is not open yet: handlers that are attached at once miss nothing. @param signal gives up before it begins */
  upgrade(path: string, protocols: readonly string[], signal: AbortSignal): Promise<WebSocket>
  /** Another way to a port of a pod, for when WebSockets do not get through. Absent where there is none. */
  readonly forwardOtherwise?: ((port: PodPort, signal: AbortSignal) => Promise<Duplex>) | undefined
  /** Removes an object although the person has pressed Ctrl-C. Nobody learns what became of it. */
  deleteLater(path: string): Promise<void>
}

export interface ApiOptions extends WayOptions {
  /** One that is being opened for the same flags; it ends with the returned object in any case. */
  readonly way?: Promise<Way>
}

/**
 * Opens the way to the API server of a cluster, which ends with the returned object.
 *
 * @throws InputError when a flag is no good, and when no way is open; whether the API server answers is known with the first request
 */
export async function openClusterApi(
  flags: ClusterFlags,
  signal: AbortSignal,
  {way: begun, ...options}: ApiOptions = {},
): Promise<ClusterApi> {
  await using stack = new AsyncDisposableStack()
  const given = begun && stack.use(await begun)
  requireNamespaceName(flags['agent-namespace'])
  const limitMs = requestTimeoutMs(flags['request-timeout'])
  const way = given ?? stack.use(await openWay(flags, signal, options))
  stack.move()
  const {isUnattended = false, say = text => void process.stderr.write(text)} = options
  return new ApiByWay(flags['agent-namespace'], way, limitMs, signal, isUnattended ? undefined : say)
}

class ApiByWay implements ClusterApi {
  readonly agentNamespace: string
  readonly forwardOtherwise: ClusterApi['forwardOtherwise']
  private readonly way: Way
  private readonly limitMs: number | undefined
  private readonly signal: AbortSignal
  private readonly say: Say | undefined
  private readonly upgrades = new Set<WebSocket>()

  constructor(agentNamespace: string, way: Way, limitMs: number | undefined, signal: AbortSignal, say: Say | undefined) {
    this.agentNamespace = agentNamespace
    this.forwardOtherwise = way.forwardOtherwise?.bind(way)
    this.way = way
    this.limitMs = limitMs
    this.signal = signal
    this.say = say
  }

  async request(method: string, path: string, options: RequestOptions = {}): Promise<ApiResponse> {
    const {body, contentType = 'application/json', accept = 'application/json'} = options
    const limitMs = this.limitMs ?? options.timeoutMs
    const signals = [this.signal, options.signal, limitMs === undefined ? undefined : AbortSignal.timeout(limitMs)]
    const signal = AbortSignal.any(signals.filter(each => each !== undefined))
    const content = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
    const headers = {
      accept,
      ...(content !== undefined && {'content-type': contentType, 'content-length': Buffer.byteLength(content)}),
    }
    const busy = new BusyServer(this.say)
    try {
      let response = await this.way.send({method, path, headers, content, signal})
      while (await busy.wait(response, signal)) {
        response.resume()
        response = await this.way.send({method, path, headers, content, signal})
      }
      const parts: Buffer[] = []
      for await (const part of response as AsyncIterable<Buffer>) parts.push(part)
      const text = Buffer.concat(parts).toString()
      const status = response.statusCode ?? 0
      if (isOfProxy(response)) throw unreachable(oneLine(text), path)
      return {status, warnings: warningsOf(response), body: text}
    } catch (error) {
      throw this.explain(error, method, path, limitMs)
    }
  }

  async call<T>(method: string, path: string, shape: ZodType<T>, options?: RequestOptions): Promise<T> {
    const {status, body} = await this.request(method, path, options)
    if (status >= 400) throw apiErrorOf(status, body, {method, path, agentNamespace: this.agentNamespace})
    return readAnswer(`${method} ${path}`, body, shape)
  }

  get<T>(path: string, shape: ZodType<T>, options?: RequestOptions): Promise<T> {
    return this.call('GET', path, shape, options)
  }

  async upgrade(path: string, protocols: readonly string[], signal: AbortSignal): Promise<WebSocket> {
    const socket = await this.way.upgrade(path, protocols, signal)
    this.upgrades.add(socket)
    socket.once('close', () => this.upgrades.delete(socket))
    // An error without a listener would end the program.
    socket.on('error', () => {})
    return socket
  }

  deleteLater(path: string): Promise<void> {
    return this.way.deleteLater(path)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.upgrades) socket.terminate()
    await this.way[Symbol.asyncDispose]()
  }

  private explain(error: unknown, method: string, path: string, limitMs: number | undefined): unknown {
    if (error instanceof InputError || this.signal.aborted) return error
    const {name} = error as Error
    const asked = `${method} ${path.split('?')[0]}`
    if (name === 'TimeoutError' || ((error as Error).cause as Error | undefined)?.name === 'TimeoutError')
      return new InputError(
        `${asked}: no answer of the API server within ${(limitMs ?? 0) / 1000} s`,
        'Try again, or give it longer with --request-timeout.',
      )
    return this.way.explain(error as Error, asked)
  }
}

/** `299 - "text"`: the text, with its quotes taken off. */
const warningsOf = (response: IncomingMessage): string[] =>
  (response.headersDistinct['warning'] ?? []).flatMap(value =>
    [...value.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text]) => (text as string).replaceAll(/\\(.)/g, '$1')),
  )
