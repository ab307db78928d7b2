/**
 * What agents cost a real kube-apiserver: `node scripts/bench/watch/real-server.ts [PODS]`. Starts a control plane, fills it,
 * and tells bytes on the wire and the server's processor time for first lists, open watches and events. The numbers are in
 * docs/watching.md.
 */
import {once} from 'node:events'
import {readFileSync, writeFileSync} from 'node:fs'
import type {IncomingMessage} from 'node:http'
import {Agent, request} from 'node:https'
import {type AddressInfo, connect, createServer} from 'node:net'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {openApiServer} from '../../../agent/kubernetes/open-api-server.ts'
import {type ClusterWatch, watchCluster} from '../../../agent/watch/cluster-watch.ts'
import {startControlPlane} from '../../../test/cluster/lab/control-plane.ts'
import {ProcessCost} from './process-cost.ts'
import {namespaceCount, servedNamespace, servedNode, servedPod, servedPolicy} from './served-objects.ts'

const pods = Number(process.argv[2] ?? 2000)
const AGENTS = 250
const size = {pods, policies: pods / 10, nodes: 250}
const JSON_TYPE = 'application/json'
/** Makes each change another one. */
let changes = 0
const say = (text: string) => console.log(text)
const print = (fields: object, text: string) => console.error(text, fields)

await using cluster = await startControlPlane()
const server = ProcessCost.ofChild('kube-apiserver')
const token = cluster.tokenOf('admin')
const ca = readFileSync(cluster.caFile)

say(`filling: ${pods} pods, ${size.policies} policies, ${size.nodes} nodes`)
await fill()
// Its caches and collections settle.
await sleep(20_000)
say(`server: ${server.rssMegabytes().toFixed(0)} MB resident`)
const idle = await server.during(() => sleep(20_000))
say(`idle: ${(idle.cpuSeconds / 20).toFixed(3)} cores`)

const wire = await countingWire(Number(new URL(cluster.url).port))
const kubeconfig = join(cluster.folder, 'through-wire')
writeFileSync(kubeconfig, readFileSync(cluster.kubeconfig, 'utf8').replaceAll(cluster.url, `https://127.0.0.1:${wire.port}`))

for (const count of [1, 5]) {
  const watches: ClusterWatch[] = []
  const before = wire.bytes
  const cost = await server.during(async () => {
    for (let index = 0; index < count; index++) {
      const api = await openApiServer({kubeconfig})
      watches.push(
        watchCluster({
          api,
          node: 'aks-pool-1',
          log: {info: () => undefined, warn: print, error: print, audit: () => undefined},
        }),
      )
    }
    while (!watches.every(each => each.syncState().state === 'live')) await sleep(50)
  })
  say(
    `first lists of ${count} at once: ${cost.seconds.toFixed(1)} s, each ${((wire.bytes - before) / count / 1e6).toFixed(2)} MB on the wire ` +
      `and ${(cost.cpuSeconds / count).toFixed(2)} s of the server's processors; server ${server.rssMegabytes().toFixed(0)} MB, peak ${server.peakMegabytes().toFixed(0)} MB`,
  )
  for (const each of watches) await each.stop()
}

const PATHS = ['/api/v1/pods', '/api/v1/namespaces', '/apis/networking.k8s.io/v1/networkpolicies', '/api/v1/nodes']
const quiet = server.rssMegabytes()
const all = await openWatches(PATHS.flatMap(path => Array.from({length: AGENTS}, () => ({path, accept: JSON_TYPE}))))
await sleep(10_000)
say(`${all.count} watches: server ${(server.rssMegabytes() - quiet).toFixed(0)} MB more`)
const holding = await server.during(() => sleep(60_000))
say(
  `holding them: ${(holding.cpuSeconds / 60 - idle.cpuSeconds / 20).toFixed(3)} cores more, ${(all.take() / 60 / AGENTS).toFixed(0)} bytes/s for each agent`,
)
await eventCost('a pod changes its status', all, turn => patchPod(turn))
await eventCost('a node changes its status', all, turn => patchNode(turn))
all.close()

for (const [what, accept, query] of [
  ['as metadata only', 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1', ''],
  ['as a table without objects', 'application/json;as=Table;g=meta.k8s.io;v=v1', '&includeObject=None'],
] as const) {
  const watches = await openWatches(Array.from({length: AGENTS}, () => ({path: '/api/v1/nodes', accept, query})))
  await eventCost(`a node changes its status, watched ${what}`, watches, turn => patchNode(turn))
  watches.close()
}
wire.close()

async function fill(): Promise<void> {
  const post = (path: string, body: object) => cluster.api.request('POST', path, body)
  const inTurns = async (count: number, make: (index: number) => Promise<unknown>) => {
    for (let from = 0; from < count; from += 64)
      await Promise.all(Array.from({length: Math.min(64, count - from)}, (_, index) => make(from + index)))
  }
  const bare = (object: object) => {
    const {metadata, ...rest} = object as {metadata: Record<string, unknown>}
    const {uid: _, resourceVersion: __, managedFields: ___, creationTimestamp: ____, generateName: _____, ...kept} = metadata
    return {...rest, metadata: kept} as {metadata: {name: string; namespace: string}; spec?: object; status?: object}
  }
  await inTurns(namespaceCount(size), async index => {
    const namespace = bare(servedNamespace(index))
    await post('/api/v1/namespaces', namespace)
    await post(`/api/v1/namespaces/${namespace.metadata.name}/serviceaccounts`, {metadata: {name: 'default'}})
  })
  await inTurns(size.nodes, index => post('/api/v1/nodes', bare(servedNode(index))))
  await inTurns(pods, async index => {
    const pod = bare(servedPod(index, size))
    const path = `/api/v1/namespaces/${pod.metadata.namespace}/pods`
    await post(path, pod)
    await cluster.api.request(
      'PATCH',
      `${path}/${pod.metadata.name}/status`,
      {status: pod.status},
      'application/merge-patch+json',
    )
  })
  await inTurns(size.policies, async index => {
    const policy = bare(servedPolicy(index))
    await post(`/apis/networking.k8s.io/v1/namespaces/${policy.metadata.namespace}/networkpolicies`, policy)
  })
}

async function patchPod(turn: number): Promise<void> {
  const {metadata} = servedPod(turn, size) as {metadata: {name: string; namespace: string}}
  const status = {conditions: [{type: 'Ready', status: turn % 2 === 0 ? 'False' : 'True', message: `change ${changes++}`}]}
  await cluster.api.request(
    'PATCH',
    `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}/status`,
    {status},
    'application/strategic-merge-patch+json',
  )
}

async function patchNode(turn: number): Promise<void> {
  const status = {conditions: [{type: 'Ready', status: 'True', message: `change ${changes++}`}]}
  await cluster.api.request(
    'PATCH',
    `/api/v1/nodes/aks-pool-${turn % size.nodes}/status`,
    {status},
    'application/strategic-merge-patch+json',
  )
}

interface Watches {
  readonly count: number
  /** Bytes read since the last call. */
  take(): number
  close(): void
}

async function eventCost(what: string, watches: Watches, change: (turn: number) => Promise<void>): Promise<void> {
  const EVENTS = 100
  await sleep(2000)
  watches.take()
  const cost = await server.during(async () => {
    for (let turn = 0; turn < EVENTS; turn++) await change(turn)
    await sleep(3000)
  })
  const alone = await server.during(() => sleep(3000))
  say(
    `${what}: ${(watches.take() / EVENTS / AGENTS).toFixed(0)} bytes for each agent, ` +
      `${(((cost.cpuSeconds - alone.cpuSeconds) / EVENTS) * 1000).toFixed(1)} ms of the server's processors for ${AGENTS}`,
  )
}

async function openWatches(asked: readonly {path: string; accept: string; query?: string}[]): Promise<Watches> {
  const agent = new Agent({ca})
  let bytes = 0
  const open = asked.map(async ({path, accept, query = ''}) => {
    const url = new URL(`${path}?watch=true&allowWatchBookmarks=true&resourceVersion=0&timeoutSeconds=3000${query}`, cluster.url)
    // From now on: with version 0 all that is there comes first, which is not what is measured here.
    const list = await cluster.api.request<{metadata: {resourceVersion: string}}>('GET', `${path}?limit=1`)
    url.searchParams.set('resourceVersion', list.metadata.resourceVersion)
    const sent = request(url, {agent, headers: {accept, authorization: `Bearer ${token}`}}).end()
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    if (answer.statusCode !== 200) throw new Error(`${url.pathname}: ${answer.statusCode}`)
    answer.on('data', (piece: Buffer) => (bytes += piece.length))
    answer.on('error', () => undefined)
  })
  await Promise.all(open)
  return {
    count: asked.length,
    take() {
      const taken = bytes
      bytes = 0
      return taken
    },
    close: () => agent.destroy(),
  }
}

/** A way to the API server that counts what comes back on it. */
async function countingWire(port: number) {
  let bytes = 0
  const listener = createServer(near => {
    const far = connect(port, '127.0.0.1')
    far.on('data', piece => (bytes += piece.length))
    for (const socket of [near, far]) socket.on('error', () => undefined)
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
    near.pipe(far).pipe(near)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return {
    port: (listener.address() as AddressInfo).port,
    get bytes() {
      return bytes
    },
    close: () => listener.close(),
  }
}
