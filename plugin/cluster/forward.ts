import type {Duplex} from 'node:stream'
import type {ClusterApi} from './api.ts'
import {openPortForward, type PodPort} from './port-forward.ts'

/** Opens one connection to a port of a pod. */
export function openForward(api: ClusterApi, port: PodPort, signal: AbortSignal): Promise<Duplex> {
  return openPortForward(api, port, signal)
}
