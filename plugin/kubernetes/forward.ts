import {once} from 'node:events'
import {connect} from 'node:net'
import type {Duplex} from 'node:stream'
import {InputError} from '../../core/problem/input-error.ts'
import type {ClusterApi} from './api.ts'
import {oneLine, type RunningKubectl, startKubectl} from './kubectl.ts'
import {NoUpgradeError, openPortForward, type PodPort} from './port-forward.ts'

/** Opens connections to ports of pods: over a WebSocket, or through `kubectl port-forward` where WebSockets do not get through. */
export class Forwards {
  private readonly api: ClusterApi
  private hasUpgrades = true

  constructor(api: ClusterApi) {
    this.api = api
  }

  /**
   * Opens one connection. kubectl proxy carries no WebSockets through the proxy that a kubeconfig or HTTPS_PROXY names, and some
   * proxies break them: then `kubectl port-forward` does it, which knows more ways and is a process for each connection.
   *
   * @param signal gives up; afterwards the connection is the caller's
   * @throws ApiError when the API server refuses, InputError when no way works
   */
  async open(port: PodPort, signal: AbortSignal): Promise<Duplex> {
    if (!this.hasUpgrades) return kubectlForward(this.api, port, signal)
    try {
      return await openPortForward(this.api, port, signal)
    } catch (error) {
      if (!(error instanceof NoUpgradeError)) throw error
      const stream = await kubectlForward(this.api, port, signal).catch((second: unknown) => {
        if (!(second instanceof InputError)) throw second
        throw new InputError(`${error.message}; and ${second.message}`, second.next)
      })
      this.hasUpgrades = false
      return stream
    }
  }
}

const KEPT_CHARACTERS = 2000

async function kubectlForward(api: ClusterApi, {namespace, name, port}: PodPort, signal: AbortSignal): Promise<Duplex> {
  signal.throwIfAborted()
  const args = ['port-forward', `--namespace=${namespace}`, `pod/${name}`, `:${port}`, '--address=127.0.0.1']
  const kubectl = await startKubectl([...args, ...api.kubectlArguments])
  const end = () => kubectl[Symbol.asyncDispose]()
  let said = ''
  kubectl.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-KEPT_CHARACTERS)
  })
  try {
    const stream = connect(await localPort(kubectl, signal), '127.0.0.1')
    stream.once('close', () => void end())
    await once(stream, 'connect', {signal})
    // When the far end refuses, kubectl prints why on stderr and closes the connection.
    stream.once('end', () => {
      if (said.includes('error forwarding port')) stream.destroy(new Error(oneLine(said)))
    })
    return stream
  } catch (error) {
    await end()
    if (signal.aborted) throw error
    throw new InputError(
      `kubectl port-forward failed: ${oneLine(said) || (error as Error).message}`,
      `Try it by hand: kubectl port-forward -n ${namespace} pod/${name} :${port}`,
    )
  }
}

/** The port of this machine on which kubectl listens, read from its output. */
function localPort({stdout, closed}: RunningKubectl, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = ''
    const stop = () => reject(signal.reason as Error)
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop, {once: true})
    stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const port = /Forwarding from 127\.0\.0\.1:(\d+) /.exec(said)?.[1]
      if (port !== undefined) resolve(Number(port))
    })
    void closed.then(error => reject(error ?? new Error('it ended without a word')))
  })
}
