import {Agent, request as httpRequest, type IncomingMessage} from 'node:http'
import {connect} from 'node:net'
import type {Duplex} from 'node:stream'
import {WebSocket} from 'ws'
import {InputError} from '../../core/problem/input-error.ts'
import {type ClusterFlags, kubectlArguments} from './flags.ts'
import {leaveKubectlRunning} from './kubectl.ts'
import {kubectlForward} from './kubectl-forward.ts'
import {type KubectlProxy, type ProxyOptions, startKubectlProxy} from './kubectl-proxy.ts'
import type {PodPort, Sending, Way} from './way.ts'

/** kubectl proxy answers hosts of the loopback only. */
const HOST = 'localhost'
/** At a time; others wait. */
const MOST_CONNECTIONS = 64

/**
 * Opens the way through kubectl: one `kubectl proxy` that ends with the returned object.
 *
 * @throws InputError when kubectl is missing, or refuses the kubeconfig or a flag; whether the API server answers is known with the first request
 */
export async function openKubectlWay(flags: ClusterFlags, signal: AbortSignal, options?: ProxyOptions): Promise<Way> {
  return new KubectlWay(kubectlArguments(flags), await startKubectlProxy(flags, signal, options))
}

class KubectlWay implements Way {
  /** By which kubectl reaches the same cluster as the same user. */
  private readonly args: readonly string[]
  private readonly proxy: KubectlProxy
  private readonly connections = new Agent({keepAlive: true, maxSockets: MOST_CONNECTIONS})

  constructor(args: readonly string[], proxy: KubectlProxy) {
    this.args = args
    this.proxy = proxy
  }

  send({method, path, headers, content, signal}: Sending): Promise<IncomingMessage> {
    const {prefix, ...address} = this.proxy.address
    const options = {...address, method, path: prefix + path, headers: {host: HOST, ...headers}, agent: this.connections, signal}
    return new Promise((resolve, reject) => {
      const sent = httpRequest(options, resolve)
      sent.once('error', reject)
      sent.end(content)
    })
  }

  explain({message}: Error, asked: string): InputError {
    const ended = this.proxy.ended()
    if (ended !== undefined) return new InputError(`${asked}: ${ended}`, 'Try again; with -v you see what it said last.')
    return new InputError(`${asked}: the connection to kubectl proxy broke: ${message}`, 'Try again.')
  }

  async upgrade(path: string, protocols: readonly string[]): Promise<WebSocket> {
    const {prefix, socketPath, host, port} = this.proxy.address
    return new WebSocket(`ws://${HOST}${prefix}${path}`, [...protocols], {
      perMessageDeflate: false,
      createConnection: () => (socketPath === undefined ? connect(port as number, host) : connect(socketPath)),
    })
  }

  /** kubectl knows ways beside WebSockets; it is a process for each connection. */
  forwardOtherwise(port: PodPort, signal: AbortSignal): Promise<Duplex> {
    return kubectlForward(this.args, port, signal)
  }

  deleteLater(path: string): Promise<void> {
    return leaveKubectlRunning(['delete', `--raw=${path}`, ...this.args])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connections.destroy()
    await this.proxy[Symbol.asyncDispose]()
  }
}
