import {once} from 'node:events'
import {mkdir, readdir, readFile, writeFile} from 'node:fs/promises'
import {createServer, type Server} from 'node:http'
import {type AddressInfo, connect} from 'node:net'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {kubectlNpm} from '../support/built-programs.ts'
import {describeKwok} from '../support/cluster/describe.ts'
import {type FakeAgent, startFakeAgent} from '../support/plugin/fake-agent.ts'
import {type ControlPlane, startControlPlane} from './lab/control-plane.ts'
import {type Kwok, startKwok} from './lab/kwok.ts'

/** An API server that can be reached through an HTTP proxy only, as in many companies. kwok stands in for the kubelets. */

const clean = {apiVersion: 'kubectl-npm/v1', kind: 'Drift', node: '?', clean: true, items: [], notes: [], problems: []}
/** A name of the API server in its certificate, which this machine cannot resolve. */
const HOST = 'kubernetes.default.svc'

describeKwok('an API server behind an HTTP proxy', () => {
  let cluster: ControlPlane
  let kwok: Kwok
  let proxy: Server
  let agents: FakeAgent[]
  let asked: string[] = []
  let temporary: string

  beforeAll(async () => {
    cluster = await startControlPlane()
    temporary = join(cluster.folder, 'tmp')
    await mkdir(temporary)
    await cluster.kubectl(['apply', '-k', 'manifests/base'])
    for (const namespace of ['kubectl-npm', 'kube-system']) {
      const role = ['--role', 'kubectl-npm-viewer', '--user', 'viewer-user']
      await cluster.kubectl(['create', 'rolebinding', 'reader', '--namespace', namespace, ...role])
    }
    agents = await Promise.all(
      ['sim-1', 'sim-2'].map(node => startFakeAgent({node, procedures: {diff: () => clean}, acceptsAnyToken: true})),
    )
    kwok = await startKwok(cluster, {nodes: 2, agentPort: (_, index) => agents[index]?.port ?? 0})
    proxy = createServer((_request, response) => response.writeHead(405).end())
    proxy.on('connect', (request, client) => {
      asked.push(request.url ?? '')
      const upstream = connect(Number(new URL(cluster.url).port), '127.0.0.1', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n')
        client.pipe(upstream).pipe(client)
      })
      for (const each of [client, upstream]) each.on('error', () => each.destroy())
    })
    await once(proxy.listen(0, '127.0.0.1'), 'listening')
  })
  afterAll(async () => {
    proxy?.closeAllConnections()
    proxy?.close()
    await kwok?.[Symbol.asyncDispose]()
    for (const agent of agents ?? []) await agent[Symbol.asyncDispose]()
    await cluster?.[Symbol.asyncDispose]()
  })

  const proxyUrl = () => `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`

  async function kubeconfig(name: string, more: object): Promise<string> {
    // Nobody needs more rights than the role has, whichever the way is.
    const viewer = {kubeconfig: await cluster.kubeconfigFor('viewer-user')}
    const config = JSON.parse((await cluster.kubectl(['config', 'view', '--raw', '--flatten', '-o', 'json'], viewer)).stdout)
    Object.assign(config.clusters[0].cluster, {server: `https://${HOST}:6443`, ...more})
    const file = join(cluster.folder, name)
    await writeFile(file, JSON.stringify(config), {mode: 0o600})
    return file
  }

  /** Whether a process that was started with the file still runs. */
  async function isInUse(file: string): Promise<boolean> {
    const all = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
    const lines = await Promise.all(all.map(pid => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
    return lines.some(line => line.includes(file))
  }

  test.each([
    {by: 'the kubeconfig', via: 'kubectl', more: () => ({'proxy-url': proxyUrl()}), env: () => ({})},
    {by: 'the environment', via: 'kubectl', more: () => ({}), env: () => ({HTTPS_PROXY: proxyUrl()})},
    {by: 'the kubeconfig', via: 'library', more: () => ({'proxy-url': proxyUrl()}), env: () => ({})},
    {by: 'the environment', via: 'library', more: () => ({}), env: () => ({HTTPS_PROXY: proxyUrl()})},
  ])('is reached as $by says, and so are the agents: $via', async ({by, via, more, env}) => {
    asked = []
    const file = await kubeconfig(`proxied-by-${by.replaceAll(' ', '-')}`, more())
    const {stdout, stderr, exitCode} = await execa(process.execPath, [kubectlNpm, 'diff', '--kubeconfig', file], {
      env: {...env(), TMPDIR: temporary, NO_COLOR: '1', KUBECTL_NPM_VIA: via},
      reject: false,
      input: '',
    })
    expect(stderr).not.toContain('error')
    expect(stdout).toContain('2 nodes: 2 clean')
    expect(exitCode).toBe(0)
    expect(new Set(asked)).toEqual(new Set([`${HOST}:6443`]))
    expect(await readdir(temporary)).toEqual([])
    expect(await isInUse(file)).toBe(false)
  })

  test('that is not there is told in words', async () => {
    const file = await kubeconfig('no-proxy', {'proxy-url': 'http://127.0.0.1:1'})
    const {stderr, exitCode} = await execa(process.execPath, [kubectlNpm, 'diff', '--kubeconfig', file], {
      reject: false,
      input: '',
    })
    expect(stderr).toContain('error: the API server cannot be reached: proxyconnect tcp: dial tcp 127.0.0.1:1')
    expect(exitCode).toBe(2)
  })
})
