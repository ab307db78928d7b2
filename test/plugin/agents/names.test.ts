import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {parse} from 'yaml'
import {documentProcedures, type FakeAgent, startFakeAgent} from '../../support/plugin/fake-agent.ts'
import {type FakeAnswer, type FakeApiServer, startFakeApiServer} from '../../support/plugin/fake-api-server.ts'
import {fixture, runCli} from '../../support/plugin/run-cli.ts'

/** How names are understood against a cluster. API server and agents are stand-ins, kubectl and the way between are real. */

const read = (path: string) => readFileSync(fixture(path), 'utf8')
const {items} = parse(read('services/services.yaml')) as {items: {kind: string; metadata: {name: string; namespace: string}}[]}

/** Answers as the API server, for the lists of one namespace or of all. */
function served(kind: string, path: string, url: string, resource: string): FakeAnswer | undefined {
  const [, namespace] = new RegExp(`/(?:namespaces/([^/]+)/)?${resource}$`).exec(path) ?? [undefined, undefined]
  if (!path.endsWith(`/${resource}`)) return undefined
  const wanted = /metadata\.name%3D([\w-]+)|service-name%3D([\w-]+)/.exec(url)?.slice(1).find(Boolean)
  const its = items.filter(
    each =>
      each.kind === kind &&
      (namespace === undefined || each.metadata.namespace === namespace) &&
      (wanted === undefined || each.metadata.name === wanted || each.metadata.name.startsWith(`${wanted}-`)),
  )
  return {body: {kind: `${kind}List`, apiVersion: kind === 'Service' ? 'v1' : 'discovery.k8s.io/v1', items: its}}
}

let agents: FakeAgent[] = []
let api: FakeApiServer
/** Whether the person may read EndpointSlices. */
let mayReadSlices = true

beforeAll(async () => {
  agents = await Promise.all(
    ['n1', 'n2'].map(async node =>
      startFakeAgent({
        node,
        procedures: documentProcedures(node, {
          'iptables-nft-save.txt': read(`ways/nodes/${node}/iptables-nft-save.txt`),
          'ipset-save.txt': read(`ways/nodes/${node}/ipset-save.txt`),
          'cluster.json': read('ways/cluster.json'),
        }),
      }),
    ),
  )
  api = await startFakeApiServer({
    agents: {n1: agents[0]?.port, n2: agents[1]?.port},
    answer: (_method, path, url) =>
      served('Service', path, url, 'services') ??
      (mayReadSlices
        ? served('EndpointSlice', path, url, 'endpointslices')
        : path.endsWith('/endpointslices')
          ? {status: 403, body: {kind: 'Status', reason: 'Forbidden', message: 'endpointslices is forbidden'}}
          : undefined),
  })
})

afterAll(async () => {
  await Promise.all([...agents, api].map(async each => each[Symbol.asyncDispose]()))
})

/** Runs with a kubeconfig whose context is in a namespace. */
async function run(namespace: string | undefined, ...args: string[]) {
  const config = JSON.parse(readFileSync(api.env.KUBECONFIG, 'utf8')) as {contexts: {context: {namespace?: string | undefined}}[]}
  for (const {context} of config.contexts) context.namespace = namespace
  const file = join(api.env.TMPDIR, 'namespaced')
  writeFileSync(file, JSON.stringify(config))
  return runCli(args, {env: {...api.env, KUBECONFIG: file}})
}

test("names without a namespace are in the context's, as for kubectl", async () => {
  const {stdout, exitCode} = await run('farm', 'trace', 'barn-0', 'svc/dairy')
  expect(stdout).toMatch(/^farm\/barn-0 \(10\.244\.0\.11\) -> svc\/farm\/dairy \(10\.0\.12\.34\) tcp\/80: /)
  expect(exitCode).not.toBe(1)
  const elsewhere = await run(undefined, 'trace', 'barn-0', 'svc/dairy')
  expect(elsewhere.stderr).toContain('pod barn-0 is not in the input, in namespace default\n  Did you mean farm/barn-0?')
  expect(elsewhere.exitCode).toBe(1)
  expect((await run(undefined, 'trace', 'barn-0', 'external', '--port', '80', '-A')).stdout).toMatch(/^farm\/barn-0/)
  expect((await run('market', 'trace', 'barn-0', 'external', '--port', '80', '-n', 'farm')).stdout).toMatch(/^farm\/barn-0/)
})

test('services come from the API server, with the nodes of all their backends', async () => {
  const {stdout} = await run('farm', 'trace', 'barn-0', 'svc/churn', '--port', 'http', '-o', 'json')
  const {service, walked} = JSON.parse(stdout) as {service: {from: string; backends: {pod: string}[]}; walked: boolean}
  expect([service.from, service.backends.map(({pod}) => pod), walked]).toEqual([
    'endpoints',
    ['farm/dairy-0', 'market/stall-0'],
    true,
  ])
  expect(api.requests).toContain('GET /api/v1/namespaces/farm/services')
  const described = await run('farm', 'describe', 'svc/herd')
  expect(described.stdout).toContain('headless: nobody translates its ports')
  const unknown = await run('farm', 'trace', 'barn-0', 'svc/nobody', '--port', '80')
  expect([unknown.stderr, unknown.exitCode]).toEqual([
    expect.stringContaining('service nobody is not in the input, in namespace farm'),
    1,
  ])
})

test('who may not read EndpointSlices is told so, and the selector answers', async () => {
  mayReadSlices = false
  const {stdout, stderr} = await run('farm', 'trace', 'barn-0', 'svc/dairy', '-o', 'json').finally(() => {
    mayReadSlices = true
  })
  expect((JSON.parse(stdout) as {service: {backends: object[]}}).service.backends).toHaveLength(2)
  expect(stderr).toContain('EndpointSlices could not be read: ')
})

test('--pod takes names as kubectl does', async () => {
  const pods = await run('farm', 'sets', '--pod', 'nobody')
  expect([pods.stderr, pods.exitCode]).toEqual([expect.stringContaining('--pod nobody: there is no such pod'), 1])
  expect(api.requests).toContain('GET /api/v1/namespaces/farm/pods/nobody')
})
