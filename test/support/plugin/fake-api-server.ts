import {once} from 'node:events'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {createServer, type IncomingMessage} from 'node:http'
import type {AddressInfo} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {tokenFor} from './fake-agent.ts'
import {servePortForwards} from './port-forward-server.ts'

export interface FakeAnswer {
  readonly status?: number
  readonly body: unknown
}

export interface FakeApiOptions {
  /** The port of each node's agent on this machine, or its unix socket. It may change while the server runs. */
  readonly agents: Readonly<Record<string, number | string | undefined>>
  /** DaemonSets in kube-system. */
  readonly daemonSets?: readonly string[]
  /** The token for an audience. By default one that fake agents take. */
  readonly token?: (audience: string) => string
  /** Pods of the relays in place of one that runs and is ready for each node. */
  readonly pods?: readonly object[]
  /** Pods of the agents themselves, which are looked at only where a relay is not ready. */
  readonly agentPods?: readonly object[]
  /**
   * Answers before all others, by the path without its query, by all of it, and by the text that was sent; undefined leaves it to them. `never` keeps
   * the client waiting.
   */
  readonly answer?: (
    method: string,
    path: string,
    url: string,
    body: string,
  ) => FakeAnswer | 'never' | undefined | Promise<FakeAnswer | undefined>
}

export interface FakeApiServer extends AsyncDisposable {
  /** `METHOD /path`, without the query. */
  readonly requests: readonly string[]
  /** Bodies of requests for tokens. */
  readonly tokenRequests: readonly {spec: {audiences: string[]; expirationSeconds: number; boundObjectRef?: {name: string}}}[]
  /** For kubectl and what starts it. TMPDIR is a folder of the test, so that what is left in it can be seen. */
  readonly env: {readonly KUBECONFIG: string; readonly TMPDIR: string}
  readonly url: string
}

const podOf = (name: 'npm-relay' | 'npm-agent', namespace: string, node: string, status: object): object => ({
  metadata: {name: `${name}-${node}`, namespace, labels: {'app.kubernetes.io/name': name}},
  spec: {nodeName: node},
  status,
})
export const relayPod = (node: string, status: object = READY): object => podOf('npm-relay', 'kubectl-npm', node, status)
/** On a Windows node the agent is its own relay. */
export const windowsAgentPod = (node: string, status: object = READY): object => {
  const pod = relayPod(node, status) as {metadata: {labels: object}}
  return {...pod, metadata: {...pod.metadata, labels: {...pod.metadata.labels, 'app.kubernetes.io/component': 'windows'}}}
}
export const agentPod = (node: string, status: object = READY): object => podOf('npm-agent', 'kubectl-npm-node', node, status)
/** An agent of before there were relays. */
export const olderAgentPod = (node: string): object => podOf('npm-agent', 'kubectl-npm', node, READY)
const READY = {phase: 'Running', conditions: [{type: 'Ready', status: 'True'}]}

/** A refusal as the API server words it. */
export const refusal = (status: number, reason: string, message: string): FakeAnswer => ({
  status,
  body: {kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason, message, code: status},
})

/** As much of an API server as the plugin needs to come to agents, over plain HTTP. The kubectl before it is real. */
export async function startFakeApiServer(options: FakeApiOptions): Promise<FakeApiServer> {
  const requests: string[] = []
  const tokenRequests: FakeApiServer['tokenRequests'][number][] = []
  const server = createServer((request, response) => {
    void (async () => {
      const body = await textOf(request)
      const {method = 'GET', url = ''} = request
      const path = url.split('?')[0] as string
      requests.push(`${method} ${path}`)
      if (path.endsWith('/token')) tokenRequests.push(JSON.parse(body))
      const answer = (await options.answer?.(method, path, url, body)) ?? own(path, body, options)
      if (answer === 'never') return
      const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body)
      response.writeHead(answer.status ?? 200, {'content-type': 'application/json', 'audit-id': 'fake'}).end(text)
    })()
  })
  servePortForwards(server, pod => options.agents[pod.replace('npm-relay-', '')])
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-npm-test-'))
  const kubeconfig = join(folder, '.kubeconfig')
  writeFileSync(kubeconfig, kubeconfigFor(url))
  return {
    requests,
    tokenRequests,
    url,
    env: {KUBECONFIG: kubeconfig, TMPDIR: folder},
    async [Symbol.asyncDispose]() {
      rmSync(folder, {recursive: true})
      server.closeAllConnections()
      await new Promise(resolve => {
        server.close(resolve)
      })
    },
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

function own(
  path: string,
  body: string,
  {agents, pods, token = tokenFor, agentPods = [], daemonSets = ['azure-npm', 'kube-proxy']}: FakeApiOptions,
): FakeAnswer {
  const list = (items: readonly unknown[]) => ({body: {kind: 'List', apiVersion: 'v1', items}})
  if (path === '/api/v1/namespaces/kubectl-npm/pods') return list(pods ?? Object.keys(agents).map(node => relayPod(node)))
  if (path === '/api/v1/namespaces/kubectl-npm-node/pods') return list(agentPods)
  if (path === '/api/v1/services' || path === '/apis/discovery.k8s.io/v1/endpointslices') return list([])
  if (path === '/apis/apps/v1/namespaces/kube-system/daemonsets') return list(daemonSets.map(name => ({metadata: {name}})))
  if (path.endsWith('/token')) {
    const {spec} = JSON.parse(body) as {spec: {audiences: string[]}}
    return {status: 201, body: {status: {token: token(spec.audiences[0] as string)}}}
  }
  return refusal(404, 'NotFound', `${path} not found`)
}

export const kubeconfigFor = (url: string, user: object = {}): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{name: 'fake', cluster: {server: url}}],
    users: [{name: 'me', user}],
    contexts: [{name: 'fake', context: {cluster: 'fake', user: 'me'}}],
    'current-context': 'fake',
  })
