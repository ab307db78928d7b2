import {type ReadAccess, readAccessInPod} from './access.ts'
import type {ApiServer} from './api-server.ts'
import {readAccessFromFile} from './kubeconfig.ts'
import {Requests} from './requests.ts'

/**
 * Connects lazily: nothing is sent before the first request. Connections are kept, and do not keep the process alive
 * when idle.
 *
 * @param options.kubeconfig a file; without it the service account of the pod is used
 * @throws InputError when there is neither, or a file says what is not understood
 */
export async function openApiServer(options: {readonly kubeconfig?: string | undefined} = {}): Promise<ApiServer> {
  const {kubeconfig} = options
  return connect(kubeconfig === undefined ? readAccessInPod() : readAccessFromFile(kubeconfig))
}

/** @param read reads server and credentials from where they are; called again, because they change while the agent runs */
export async function connect(read: ReadAccess, now: () => number = Date.now): Promise<ApiServer> {
  return new Requests(read, await read(), now)
}
