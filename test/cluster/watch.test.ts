import {once} from 'node:events'
import {readFile, writeFile} from 'node:fs/promises'
import {type AddressInfo, connect, createServer, type Socket} from 'node:net'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {openApiServer} from '../../agent/kubernetes/open-api-server.ts'
import {silentLog} from '../../agent/log.ts'
import {type ClusterWatch, watchCluster} from '../../agent/watch/cluster-watch.ts'
import {linux} from '../../core/dataplanes.ts'
import {readClusterObjects} from '../../core/kubernetes/read-objects.ts'
import {compile} from '../../core/linux/compile/compile.ts'
import type {LinuxProgram} from '../../core/linux/npm/program.ts'
import type {CompileOptions} from '../../core/policy/program.ts'
import {canonical, sorted} from '../support/agent/made-objects.ts'
import {until} from '../support/agent/open-watch.ts'
import {describeControlPlane} from '../support/cluster/describe.ts'
import {type ControlPlane, startControlPlane} from './lab/control-plane.ts'

const options: CompileOptions = {scheme: 'sha256', semantics: 'npm'}
const PODS = '/api/v1/namespaces/shop/pods'
const podOf = (name: string, app: string) => ({
  metadata: {name, labels: {app, tier: 'front'}},
  spec: {
    nodeName: 'node-1',
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 0,
    containers: [{name: 'main', image: 'nothing', ports: [{name: 'http', containerPort: 8080}]}],
  },
})

/** A way to the API server that can be cut while the server stays. */
async function openWire(port: number) {
  const sockets = new Set<Socket>()
  const server = createServer(near => {
    const far = connect(port, '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far).pipe(near)
  })
  const listen = async (at: number) => {
    server.listen(at, '127.0.0.1')
    await once(server, 'listening')
  }
  await listen(0)
  const own = (server.address() as AddressInfo).port
  return {
    port: own,
    async cut() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
    mend: () => listen(own),
  }
}

describeControlPlane('the watch of a real API server', () => {
  let cluster: ControlPlane
  let wire: Awaited<ReturnType<typeof openWire>>
  let watch: ClusterWatch

  const request = (method: string, path: string, body?: unknown, type?: string) => cluster.api.request(method, path, body, type)
  const running = (name: string, podIP: string) =>
    request(
      'PATCH',
      `${PODS}/${name}/status`,
      {status: {phase: 'Running', podIP, podIPs: [{ip: podIP}]}},
      'application/merge-patch+json',
    )
  const remove = (path: string) => request('DELETE', `${path}?gracePeriodSeconds=0`)

  /** All objects by kubectl, read as a dump's are: what the agent must know is part of them. */
  async function expectSame(): Promise<void> {
    const got = await cluster.kubectl(['get', 'pods,namespaces,networkpolicies,nodes', '-A', '-o', 'json'])
    const {objects} = readClusterObjects(JSON.parse(got.stdout))
    const pods = objects.pods.filter(({status}) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed')
    await until(() => {
      expect(watch.syncState().state).toBe('live')
      expect(sorted({...objects, pods})).toMatchObject(sorted(watch.objects()))
      expect(watch.objects().pods).toHaveLength(pods.length)
    })
    // What was trimmed must not have meant anything.
    expect(canonical(watch.programFor(linux, options) as LinuxProgram)).toEqual(canonical(compile({...objects, pods}, options)))
  }

  beforeAll(async () => {
    cluster = await startControlPlane()
    await request('POST', '/api/v1/namespaces', {metadata: {name: 'shop', labels: {team: 'shop'}}})
    await request('POST', '/api/v1/namespaces/shop/serviceaccounts', {metadata: {name: 'default'}})
    await request('POST', '/api/v1/nodes', {
      metadata: {name: 'node-1'},
      status: {addresses: [{type: 'InternalIP', address: '192.168.7.1'}]},
    })
    for (let from = 0; from < 1000; from += 50)
      await Promise.all(
        Array.from({length: 50}, (_, index) => request('POST', PODS, podOf(`pod-${from + index}`, `app-${(from + index) % 90}`))),
      )
    for (let index = 0; index < 40; index++) await running(`pod-${index}`, `10.1.0.${index + 1}`)
    await request('POST', '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies', {
      metadata: {name: 'first'},
      spec: {
        podSelector: {matchLabels: {app: 'app-1'}},
        ingress: [{from: [{namespaceSelector: {matchLabels: {team: 'shop'}}}], ports: [{port: 'http'}]}],
      },
    })

    wire = await openWire(Number(new URL(cluster.url).port))
    const kubeconfig = join(cluster.folder, 'through-wire')
    await writeFile(
      kubeconfig,
      (await readFile(cluster.kubeconfig, 'utf8')).replaceAll(cluster.url, `https://127.0.0.1:${wire.port}`),
    )
    watch = watchCluster({api: await openApiServer({kubeconfig}), node: 'node-1', log: silentLog, spreadMs: 0})
  })

  afterAll(async () => {
    await watch?.stop()
    await wire?.cut()
    await cluster?.[Symbol.asyncDispose]()
  })

  test('knows a thousand pods, and what policies make of them', async () => {
    await expectSame()
    expect(watch.syncState()).toMatchObject({state: 'live', pods: 1000, policies: 1})
    expect(watch.objects().nodes).toEqual([
      expect.objectContaining({status: {addresses: [{type: 'InternalIP', address: '192.168.7.1'}]}}),
    ])
  })

  test('follows changes of each kind', async () => {
    await running('pod-100', '10.1.1.1')
    await request('PATCH', `${PODS}/pod-2`, {metadata: {labels: {app: 'other'}}}, 'application/merge-patch+json')
    await request('PATCH', `${PODS}/pod-3/status`, {status: {phase: 'Succeeded'}}, 'application/merge-patch+json')
    await remove(`${PODS}/pod-4`)
    await request('POST', '/api/v1/namespaces', {metadata: {name: 'late'}})
    await request('PATCH', '/api/v1/namespaces/shop', {metadata: {labels: {team: 'else'}}}, 'application/merge-patch+json')
    await remove('/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/first')
    await until(() => expect(watch.syncState()).toMatchObject({pods: 998, policies: 0}))
    await expectSame()
  })

  test('knows what was deleted and made while the connection was cut', async () => {
    await wire.cut()
    await until(() => expect(watch.syncState().state).toBe('stale'))
    for (let index = 10; index < 20; index++) await remove(`${PODS}/pod-${index}`)
    await request('POST', PODS, podOf('made-meanwhile', 'app-1'))
    await running('made-meanwhile', '10.1.2.1')
    expect(watch.syncState().pods).toBe(998)
    await wire.mend()
    await until(() => expect(watch.syncState()).toMatchObject({state: 'live', pods: 989}))
    await expectSame()
  })

  test('survives a crash of the API server, and one whose memory of versions went with it', async () => {
    await cluster.stopServer()
    await until(() => expect(watch.syncState()).toMatchObject({state: 'stale', pods: 989}))
    await cluster.startServer()
    await expectSame()
    // The new server knows no version from before its start: whoever was away meanwhile has to list anew.
    await wire.cut()
    await remove(`${PODS}/made-meanwhile`)
    await cluster.restart()
    await remove(`${PODS}/pod-30`)
    await wire.mend()
    await until(() => expect(watch.syncState()).toMatchObject({state: 'live', pods: 987}))
    await expectSame()
  })
})
