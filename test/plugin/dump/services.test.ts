import {join} from 'node:path'
import {expect, test} from 'vitest'
import {parse} from 'yaml'
import {startBakery, withLogs} from '../../support/plugin/bakery-dump.ts'
import {refusal} from '../../support/plugin/fake-api-server.ts'
import {filesIn, manifestOf} from '../../support/plugin/files.ts'
import {runCli} from '../../support/plugin/run-cli.ts'

/** Services of the bakery: an address in front of its oven. */
const items = [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {name: 'warmth', namespace: 'bakery', annotations: {secret: 'hush'}},
    spec: {
      type: 'ClusterIP',
      clusterIP: '10.0.0.99',
      clusterIPs: ['10.0.0.99'],
      selector: {app: 'oven'},
      ports: [{name: 'heat', port: 80, protocol: 'TCP', targetPort: 'ui'}],
    },
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {name: 'warmth-abcde', namespace: 'bakery', labels: {'kubernetes.io/service-name': 'warmth'}},
    addressType: 'IPv4',
    ports: [{name: 'heat', port: 8080, protocol: 'TCP'}],
    endpoints: [
      {addresses: ['10.60.0.10'], conditions: {ready: true}, targetRef: {kind: 'Pod', namespace: 'bakery', name: 'oven-0'}},
    ],
  },
]
const answer = (_method: string, path: string) =>
  path === '/api/v1/services'
    ? {body: {kind: 'ServiceList', apiVersion: 'v1', items: items.slice(0, 1)}}
    : path.endsWith('/endpointslices')
      ? {body: {kind: 'EndpointSliceList', apiVersion: 'discovery.k8s.io/v1', items: items.slice(1)}}
      : undefined

const serviceIn = (files: ReadonlyMap<string, Buffer>) =>
  JSON.parse(files.get('services.json')?.toString() ?? '{}') as {items: {kind: string}[]}

test('a dump of a cluster holds its services, and trace follows them from there', async () => {
  await using bakery = await startBakery({answer})
  const target = join(bakery.folder, 'out')
  expect((await runCli(['dump', '-o', target], {env: bakery.api.env})).exitCode).toBe(0)
  const files = filesIn(target)
  expect(serviceIn(files).items.map(({kind}) => kind)).toEqual(['Service', 'EndpointSlice'])
  expect(files.get('services.json')?.toString()).not.toContain('hush')
  const traced = await runCli(['trace', 'storefront/till-0', 'svc/warmth', '--from', target, '-o', 'json'])
  expect(JSON.parse(traced.stdout)).toMatchObject({
    packet: {destination: {name: 'svc/bakery/warmth'}, port: 80},
    translated: {destination: '10.60.0.10', port: 8080},
  })
  // Put together anew, they are among the other objects.
  const again = join(bakery.folder, 'again')
  await runCli(['dump', '--from', target, '-o', again])
  expect(filesIn(again).get('cluster.json')?.toString()).toContain('"kind":"EndpointSlice"')
})

test('a redacted dump has them with other names, which are the same everywhere', async () => {
  await using bakery = await startBakery({answer})
  const target = join(bakery.folder, 'out')
  expect((await runCli(['dump', '-o', target, '--redact'], {env: bakery.api.env})).exitCode).toBe(0)
  const files = filesIn(target)
  const text = files.get('services.json')?.toString() ?? ''
  for (const word of ['warmth', 'bakery', 'heat', '10.0.0.99', '10.60.0.10', 'oven']) expect(text).not.toContain(word)
  const [service, slice] = serviceIn(files).items as unknown as [
    {metadata: {name: string; namespace: string}},
    {metadata: {labels: Record<string, string>}; endpoints: {targetRef: {name: string}; addresses: string[]}[]},
  ]
  expect(slice.metadata.labels['kubernetes.io/service-name']).toBe(service.metadata.name)
  const [endpoint] = slice.endpoints
  const pod = (
    parse(files.get('cluster.json')?.toString() ?? '') as {items: {metadata: {name: string}; status?: {podIP: string}}[]}
  ).items.find(({metadata}) => metadata.name === endpoint?.targetRef.name)
  expect(pod?.status?.podIP).toBe(endpoint?.addresses[0])
  const traced = await runCli(['trace', 'external', `svc/${service.metadata.name}`, '--from', target, '-o', 'json'])
  expect((JSON.parse(traced.stdout) as {service: {backends: object[]}}).service.backends).toHaveLength(1)
})

test('who may not read them gets a dump without, that says so', async () => {
  const denied = refusal(403, 'Forbidden', 'services is forbidden: User "me" cannot list resource "services" in API group ""')
  await using bakery = await startBakery({
    answer: (method, path, url) => (path === '/api/v1/services' ? denied : withLogs(method, path, url)),
  })
  const target = join(bakery.folder, 'out')
  const {stderr, exitCode} = await runCli(['dump', '-o', target], {env: bakery.api.env})
  expect([stderr, exitCode]).toEqual([
    expect.stringMatching(/^warning: services\.json: services are not in the dump: .*cannot list/),
    0,
  ])
  const {failures} = manifestOf(filesIn(target))
  expect(failures).toMatchObject([{document: 'services.json'}])
  const traced = await runCli(['trace', 'storefront/till-0', 'svc/warmth', '--from', target])
  expect([traced.stderr, traced.exitCode]).toEqual([expect.stringContaining('service warmth: no services are in the input'), 2])
})
