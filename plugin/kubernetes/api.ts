import {Agent, request as httpRequest, type IncomingMessage} from 'node:http'
import {connect} from 'node:net'
import {WebSocket} from 'ws'
import type {ZodType} from 'zod'
import {InputError} from '../../core/problem/input-error.ts'
import {readAnswer} from './answer-shapes.ts'
import {apiErrorOf} from './api-error.ts'
import {type ClusterFlags, kubectlArguments, requestTimeoutMs, requireNamespaceName} from './flags.ts'
import {oneLine} from './kubectl.ts'
import {type KubectlProxy, type ProxyOptions, startKubectlProxy} from './kubectl-proxy.ts'
import {isOfProxy} from './proxy-answer.ts'

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
  /** Arguments by which kubectl reaches the same cluster as the same user. */
  readonly kubectlArguments: readonly string[]
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
  /** Begins a WebSocket. It is not open yet: handlers that are attached at once miss nothing. */
  upgrade(path: string, protocols: readonly string[]): WebSocket
}

/**
 * Opens the way to the API server of a cluster: one `kubectl proxy` that ends with the returned object.
 *
 * @throws InputError when a flag is no good, and when kubectl is missing or refuses; whether the API server answers is known with the first request
 */
export async function openClusterApi(flags: ClusterFlags, signal: AbortSignal, options?: ProxyOptions): Promise<ClusterApi> {
  requireNamespaceName(flags['agent-namespace'])
  const limitMs = requestTimeoutMs(flags['request-timeout'])
  return new ProxiedApi(flags, await startKubectlProxy(flags, signal, options), limitMs, signal)
}

/** kubectl proxy answers hosts of the loopback only. */
const HOST = 'localhost'
const MOST_CONNECTIONS = 64

class ProxiedApi implements ClusterApi {
  readonly agentNamespace: string
  readonly kubectlArguments: readonly string[]
  private readonly proxy: KubectlProxy
  private readonly limitMs: number | undefined
  private readonly signal: AbortSignal
  private readonly connections = new Agent({keepAlive: true, maxSockets: MOST_CONNECTIONS})
  private readonly upgrades = new Set<WebSocket>()

  constructor(flags: ClusterFlags, proxy: KubectlProxy, limitMs: number | undefined, signal: AbortSignal) {
    this.agentNamespace = flags['agent-namespace']
    this.kubectlArguments = kubectlArguments(flags)
    this.proxy = proxy
    this.limitMs = limitMs
    this.signal = signal
  }

  async request(method: string, path: string, options: RequestOptions = {}): Promise<ApiResponse> {
    const {body, contentType = 'application/json', accept = 'application/json'} = options
    const limitMs = this.limitMs ?? options.timeoutMs
    const signals = [this.signal, options.signal, limitMs === undefined ? undefined : AbortSignal.timeout(limitMs)]
    const signal = AbortSignal.any(signals.filter(each => each !== undefined))
    const content = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
    const {prefix, ...address} = this.proxy.address
    const headers = {
      host: HOST,
      accept,
      ...(content !== undefined && {'content-type': contentType, 'content-length': Buffer.byteLength(content)}),
    }
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const sent = httpRequest({...address, method, path: prefix + path, headers, agent: this.connections, signal}, resolve)
        sent.once('error', reject)
        sent.end(content)
      })
      const parts: Buffer[] = []
      for await (const part of response as AsyncIterable<Buffer>) parts.push(part)
      const text = Buffer.concat(parts).toString()
      const status = response.statusCode ?? 0
      if (isOfProxy(response)) throw unreachable(text, path)
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

  upgrade(path: string, protocols: readonly string[]): WebSocket {
    const {prefix, socketPath, host, port} = this.proxy.address
    const socket = new WebSocket(`ws://${HOST}${prefix}${path}`, [...protocols], {
      perMessageDeflate: false,
      createConnection: () => (socketPath === undefined ? connect(port as number, host) : connect(socketPath)),
    })
    this.upgrades.add(socket)
    socket.once('close', () => this.upgrades.delete(socket))
    // An error without a listener would end the program.
    socket.on('error', () => {})
    return socket
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.upgrades) socket.terminate()
    this.connections.destroy()
    await this.proxy[Symbol.asyncDispose]()
  }

  private explain(error: unknown, method: string, path: string, limitMs: number | undefined): unknown {
    if (error instanceof InputError || this.signal.aborted) return error
    const {name, message} = error as Error
    const asked = `${method} ${path.split('?')[0]}`
    if (name === 'TimeoutError' || ((error as Error).cause as Error | undefined)?.name === 'TimeoutError')
      return new InputError(
        `${asked}: no answer of the API server within ${(limitMs ?? 0) / 1000} s`,
        'Try again, or give it longer with --request-timeout.',
      )
    const ended = this.proxy.ended()
    if (ended !== undefined) return new InputError(`${asked}: ${ended}`, 'Try again; with -v you see what it said last.')
    return new InputError(`${asked}: the connection to kubectl proxy broke: ${message}`, 'Try again.')
  }
}

function unreachable(said: string, path: string): InputError {
  const reason = oneLine(said)
  if (/getting credentials|exec: /.test(reason))
    return new InputError(
      `the login program of the kubeconfig failed: ${reason}`,
      'kubectl get namespaces fails in the same way; run it to log in.',
    )
  return new InputError(
    `the API server cannot be reached: ${reason || `no reason was given for ${path}`}`,
    'Check the context and the network: kubectl cluster-info. A dump can be read without a cluster: --from PATH',
  )
}

/** `299 - "text"`: the text, with its quotes taken off. */
const warningsOf = (response: IncomingMessage): string[] =>
  (response.headersDistinct['warning'] ?? []).flatMap(value =>
    [...value.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text]) => (text as string).replaceAll(/\\(.)/g, '$1')),
  )
