import type {IncomingMessage} from 'node:http'
import type {TLSSocket} from 'node:tls'
import {anyShape} from '../../../plugin/kubernetes/answer-shapes.ts'
import {type ClusterApi, openClusterApi} from '../../../plugin/kubernetes/api.ts'
import type {ClusterFlags} from '../../../plugin/kubernetes/flags.ts'
import {startTestServer, type TestServer} from './tls-server.ts'

/** The ways to an API server. */
export const ways = ['kubectl', 'library'] as const
/** What is asked for. */
export const PATH = '/api/v1/pods'

/** Opens a way, the one without kubectl unless told otherwise. */
export const open = (kubeconfig: string, flags: Partial<ClusterFlags> = {}): Promise<ClusterApi> =>
  openClusterApi({kubeconfig, 'agent-namespace': 'n', via: 'library', ...flags}, AbortSignal.timeout(60_000))

/** Asks once. */
export async function ask(kubeconfig: string, flags: Partial<ClusterFlags> = {}): Promise<void> {
  await using api = await open(kubeconfig, flags)
  await api.get(PATH, anyShape)
}

/** Lines of a request that say who asks, sorted. */
export function whoIn({rawHeaders}: IncomingMessage): string[] {
  const pairs = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1]]] : []))
  return pairs
    .filter(([name = '']) => /^(?:authorization|impersonate-)/.test(name))
    .map(pair => pair.join(': '))
    .toSorted()
}

/** A server that keeps who asked for pods: kubectl itself may ask for the version. */
export async function startRecorder(
  options: Parameters<typeof startTestServer>[0] = {},
): Promise<TestServer & {readonly seen: string[][]}> {
  const seen: string[][] = []
  const server = await startTestServer({
    subject: {},
    ...options,
    listener: (request, response) => {
      const certificate = (request.socket as TLSSocket).getPeerCertificate?.().subject?.CN
      if (request.url === PATH)
        seen.push([...(certificate === undefined ? [] : [`certificate of ${String(certificate)}`]), ...whoIn(request)])
      if (options.listener) options.listener(request, response)
      else response.setHeader('audit-id', '1').end('{}')
    },
  })
  return Object.assign(server, {seen})
}
