import type {Duplex} from 'node:stream'
import {InputError} from '../../core/problem/input-error.ts'
import type {ClusterApi} from './api.ts'
import {NoUpgradeError, openPortForward} from './port-forward.ts'
import type {PodPort} from './way.ts'

/** Opens connections to ports of pods: over a WebSocket, or where these do not get through in another way, if there is one. */
export class Forwards {
  private readonly api: ClusterApi
  private hasUpgrades = true

  constructor(api: ClusterApi) {
    this.api = api
  }

  /**
   * Opens one connection. kubectl proxy carries no WebSockets through the proxy that a kubeconfig or HTTPS_PROXY names, and some
   * proxies break them.
   *
   * @param signal gives up; afterwards the connection is the caller's
   * @throws ApiError when the API server refuses, InputError when no way works
   */
  async open(port: PodPort, signal: AbortSignal): Promise<Duplex> {
    const {forwardOtherwise} = this.api
    if (forwardOtherwise && !this.hasUpgrades) return forwardOtherwise(port, signal)
    try {
      return await openPortForward(this.api, port, signal)
    } catch (error) {
      if (!(error instanceof NoUpgradeError)) throw error
      if (!forwardOtherwise) throw new InputError(error.message, `${error.next} kubectl knows another way: --via kubectl`)
      const stream = await forwardOtherwise(port, signal).catch((second: unknown) => {
        if (!(second instanceof InputError)) throw second
        throw new InputError(`${error.message}; and ${second.message}`, second.next)
      })
      this.hasUpgrades = false
      return stream
    }
  }
}
