import {request as httpRequest, type IncomingMessage} from 'node:http'
import {request as httpsRequest} from 'node:https'
import {isatty} from 'node:tty'
import {WebSocket} from 'ws'
import {InputError} from '../../../core/problem/input-error.ts'
import {hold} from '../../cleanup/interruption.ts'
import type {ClusterFlags} from '../flags.ts'
import {choose} from '../kubeconfig/chosen.ts'
import {readKubeconfig} from '../kubeconfig/read-kubeconfig.ts'
import {requireUsable} from '../kubeconfig/usable.ts'
import {oneLine} from '../kubectl.ts'
import {type Sending, unreachable, type Way, type WayOptions} from '../way.ts'
import {type Destination, goWords} from './go-words.ts'
import {type Access, Identity} from './identity.ts'
import {proxyFromEnvironment} from './proxy-choice.ts'

/** As long as kubectl waits for a connection. */
const CONNECT_MS = 30_000
/** After Ctrl-C the process lives for 900 ms. */
const LAST_MS = 800

/**
 * Opens a way to the API server without kubectl: by the kubeconfig, or in a pod by its account.
 *
 * @throws InputError when the kubeconfig leads nowhere; whether the API server answers is known with the first request
 */
export async function openLibraryWay(flags: ClusterFlags, signal: AbortSignal, options: WayOptions): Promise<Way> {
  const chosen = choose(await readKubeconfig(flags), flags)
  requireUsable(chosen)
  const {server: text, 'proxy-url': own} = chosen.cluster
  const server = new URL(text.includes('://') ? text : `http://${text}`)
  const proxy = own ?? proxyFromEnvironment(server, process.env)
  const {isUnattended = false, say = text => void process.stderr.write(text)} = options
  const isInteractive = !isUnattended && isatty(0) && flags.from?.includes('-') !== true
  // A proxy that resolves names itself, as kubectl has it: the name of a private API server is often known only there.
  const resolving = proxy?.replace(/^socks5:/, 'socks5h:')
  return new LibraryWay(
    {server, proxy: resolving},
    new Identity(chosen, server, resolving, {signal, isInteractive, isUnattended, say}),
  )
}

class LibraryWay implements Way {
  private readonly destination: Destination
  private readonly identity: Identity
  private readonly prefix: string
  /** A signal then lets what is under way end by itself. */
  private readonly holding: AsyncDisposable

  constructor(destination: Destination, identity: Identity) {
    this.destination = destination
    this.identity = identity
    this.prefix = destination.server.pathname.replace(/\/+$/, '')
    this.holding = hold(() => identity.end())
  }

  async send(sending: Sending): Promise<IncomingMessage> {
    const access = await this.access(sending)
    for (;;) {
      try {
        const response = await this.try(sending, access)
        if (response.statusCode === 401) this.identity.forget()
        return response
      } catch (error) {
        // The server had just closed a connection that was kept; there may be more of them. What creates is not sent twice.
        const isStale = (error as {isReused?: boolean}).isReused === true && !sending.signal.aborted
        if (!isStale || sending.method === 'POST') throw error
      }
    }
  }

  explain(error: Error, asked: string): InputError {
    if (error.message === 'aborted')
      return new InputError(`${asked}: the connection to the API server broke: unexpected EOF`, 'Try again.')
    return unreachable(goWords(error, this.destination), asked)
  }

  async upgrade(path: string, protocols: readonly string[], signal: AbortSignal): Promise<WebSocket> {
    const {server} = this.destination
    const {headers, options} = await this.access({path, signal})
    const address = new URL(this.prefix + path, server)
    address.protocol = server.protocol === 'https:' ? 'wss:' : 'ws:'
    const socket = new WebSocket(address, [...protocols], {
      ...options,
      headers: headers as Record<string, string>,
      perMessageDeflate: false,
    })
    socket.once('unexpected-response', (_, {statusCode}) => {
      if (statusCode === 401) this.identity.forget()
    })
    return socket
  }

  async deleteLater(path: string): Promise<void> {
    const signal = AbortSignal.timeout(LAST_MS)
    await this.send({method: 'DELETE', path, headers: {}, content: undefined, signal}).then(
      response => response.resume(),
      () => {},
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.identity.end()
    await this.holding[Symbol.asyncDispose]()
  }

  /** Somebody may have to log in first, and the request need not wait for that as long as the person does. */
  private async access({path, signal}: Pick<Sending, 'path' | 'signal'>): Promise<Access> {
    try {
      return await Promise.race([this.identity.access(), aborted(signal)])
    } catch (error) {
      if (signal.aborted || (error as Error).name === 'AbortError') throw error
      throw unreachable(oneLine((error as Error).message), path)
    }
  }

  private try({method, path, headers, content, signal}: Sending, access: Access): Promise<IncomingMessage> {
    const {protocol, hostname, port} = this.destination.server
    const options = {
      ...access.options,
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port || (protocol === 'https:' ? 443 : 80),
      method,
      path: this.prefix + path,
      headers: {'user-agent': 'kubectl-npm', ...access.headers, ...headers},
      signal,
    }
    return new Promise((resolve, reject) => {
      const sent = (protocol === 'https:' ? httpsRequest : httpRequest)(options, resolve)
      sent.once('socket', socket => {
        if (!socket.connecting) return
        const late = Object.assign(new Error('no connection'), {code: 'ETIMEDOUT', syscall: 'connect'})
        const timer = setTimeout(() => sent.destroy(late), CONNECT_MS)
        for (const event of ['connect', 'close']) socket.once(event, () => clearTimeout(timer))
      })
      sent.once('error', error => reject(Object.assign(error, {isReused: sent.reusedSocket})))
      sent.end(content)
    })
  }
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error)
    signal.addEventListener('abort', () => reject(signal.reason as Error), {once: true})
  })
