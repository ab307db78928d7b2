import {readFileSync} from 'node:fs'
import {expect, test} from 'vitest'
import {parse, stringify} from 'yaml'
import {readDump} from '../../../core/dump/read-dump.ts'
import {nodesOfEndpoints, tracePacket} from '../../../core/trace/trace-packet.ts'
import {fixture} from '../../support/plugin/run-cli.ts'

const cluster = readFileSync(fixture('ways/cluster.json'), 'utf8')
const services = readFileSync(fixture('services/services.yaml'), 'utf8')
type Item = {kind: string; metadata: {name: string}}
const served = (parse(services) as {items: Item[]}).items

const nodesOf = async (...texts: string[]) =>
  (await readDump(texts.map((text, at) => ({name: `${at}.yaml`, folder: '', text: [text]})))).nodes
const listOf = (items: readonly unknown[]) => stringify({apiVersion: 'v1', kind: 'List', items})

async function traced(source: string, destination: string, port?: string, text: string = services) {
  const nodes = await nodesOf(cluster, text)
  return tracePacket(nodes, {source, destination, protocol: 'tcp', port}, [])
}

test('a service is followed to the ports of its endpoints, whose policies decide', async () => {
  const trace = await traced('farm/barn-0', 'svc/dairy')
  expect(trace).toMatchObject({
    verdict: 'accept',
    packet: {destination: {name: 'svc/farm/dairy', address: '10.0.12.34'}, port: 80},
    translated: {destination: '10.244.0.10', port: 8080},
    service: {name: 'farm/dairy', port: 80, portName: 'http', targetPort: 8080, from: 'endpoints', notReady: 0},
  })
  expect(trace.service?.backends.map(({pod, port, verdict}) => [pod, port, verdict])).toEqual([
    ['farm/dairy-0', 8080, 'accept'],
    ['farm/dairy-1', 8080, 'accept'],
  ])
  expect((await traced('market/stall-0', 'svc/dairy')).verdict).toBe('drop')
})

test('a port is of the service by number or name, and its address means the same as its name', async () => {
  const named = await traced('farm/barn-0', 'svc/churn', 'http')
  expect(named.translated).toEqual({destination: '10.244.0.10', port: 8080})
  expect((await traced('farm/barn-0', '10.0.12.40', '80')).service).toEqual(named.service)
  await expect(traced('farm/barn-0', 'svc/churn')).rejects.toThrow('--port is missing')
  await expect(traced('farm/barn-0', 'svc/churn', '81')).rejects.toThrow('service farm/churn has no port 81/tcp')
})

test('backends of which some get the packet make the verdict unknown, and each says its own', async () => {
  const {verdict, because, service} = await traced('farm/barn-0', 'svc/churn', 'admin')
  expect(verdict).toBe('unknown')
  expect(because).toBe(
    'it depends on the backend that the service chooses: to farm/dairy-0 (10.244.0.10:9000) it is dropped, to market/stall-0 (10.244.0.12:9000) it is allowed',
  )
  expect(service?.backends.map(each => each.verdict)).toEqual(['drop', 'accept'])
})

test('nobody translates the port of a headless service', async () => {
  const trace = await traced('farm/barn-0', 'svc/herd', '80')
  expect(trace).toMatchObject({verdict: 'drop', packet: {destination: {address: '10.244.0.10'}, port: 80}})
  expect(trace.translated).toBeUndefined()
  expect(trace.problems.map(({code}) => code)).toContain('HEADLESS_PORT')
  expect((await traced('farm/barn-0', 'svc/herd', '8080')).verdict).toBe('accept')
})

test.each([
  ['svc/empty', 'service farm/empty: it has no endpoints'],
  ['svc/byre', 'service farm/byre: none of its 1 endpoints is ready'],
])('%s has nobody who receives the packet', async (service, reason) => {
  const {verdict, because} = await traced('farm/barn-0', service)
  expect([verdict, because]).toEqual(['drop', expect.stringContaining(reason)])
})

test('without EndpointSlices the selector tells, and a service without one is unknown', async () => {
  const alone = listOf(served.filter(({kind}) => kind === 'Service'))
  const dairy = await traced('farm/barn-0', 'svc/dairy', '80', alone)
  expect([dairy.verdict, dairy.service?.from, dairy.service?.backends.length]).toEqual(['accept', 'selector', 2])
  const churn = await traced('farm/barn-0', 'svc/churn', '80', alone)
  expect(churn.verdict).toBe('unknown')
  expect(churn.incomplete.map(({part}) => part)).toEqual(['EndpointSlices'])
})

test('Endpoints tell the same as EndpointSlices', async () => {
  const endpoints = {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {namespace: 'farm', name: 'churn'},
    subsets: [
      {addresses: [{ip: '10.244.0.10'}], ports: [{name: 'http', port: 8080}]},
      {addresses: [{ip: '10.244.0.12'}], notReadyAddresses: [{ip: '10.244.0.11'}], ports: [{name: 'admin', port: 9000}]},
    ],
  }
  const text = listOf([...served.filter(({kind}) => kind === 'Service'), endpoints])
  const admin = await traced('farm/barn-0', 'svc/churn', 'admin', text)
  expect(admin.service).toMatchObject({from: 'endpoints', notReady: 1, backends: [{address: '10.244.0.12', port: 9000}]})
  expect((await traced('farm/barn-0', 'svc/churn', 'http', text)).service?.backends).toMatchObject([{address: '10.244.0.10'}])
})

test('a backend that is the sender itself gets a packet that Azure NPM judges', async () => {
  const own = {
    ...(served.find(({kind, metadata}) => kind === 'EndpointSlice' && metadata.name.startsWith('dairy')) as Item),
    endpoints: [{addresses: ['10.244.0.10'], conditions: {ready: true}}],
  }
  const text = listOf([...served.filter(({kind}) => kind === 'Service'), own])
  const trace = await traced('farm/dairy-0', 'svc/dairy', '80', text)
  expect(trace.because).toBe('the service leads back to the pod, which cannot block access to itself')
  // Whether kube-proxy lets it pass before Azure NPM, objects do not tell.
  expect([trace.verdict, trace.foretold?.verdict]).toEqual(['accept', 'unknown'])
  // Nobody translates the address of a headless one: what goes there stays inside the pod.
  const headless = listOf([
    {...own, metadata: {...own.metadata, labels: {'kubernetes.io/service-name': 'herd'}}},
    ...served.filter(({kind}) => kind === 'Service'),
  ])
  const inside = await traced('farm/dairy-0', 'svc/herd', '8080', headless)
  expect([inside.verdict, inside.foretold, inside.ingress.verdict]).toEqual(['accept', undefined, 'not-judged'])
})

/** A cluster of two nodes without policies but one, which lets nobody reach pods of the app `shut`. */
const two = (...more: readonly object[]) =>
  listOf([
    {kind: 'Namespace', metadata: {name: 'a'}},
    {kind: 'NetworkPolicy', metadata: {namespace: 'a', name: 'shut'}, spec: {podSelector: {matchLabels: {app: 'shut'}}}},
    {kind: 'Node', metadata: {name: 'n1'}, status: {addresses: [{type: 'InternalIP', address: '10.9.0.1'}]}},
    {kind: 'Node', metadata: {name: 'n2'}, status: {addresses: [{type: 'InternalIP', address: '10.9.0.2'}]}},
    pod('web', 'n1', ['10.0.1.1']),
    ...more,
  ])
const pod = (app: string, nodeName: string, ips: readonly string[], {isReady = true, name = app, isEnding = false} = {}) => ({
  kind: 'Pod',
  metadata: {namespace: 'a', name, labels: {app}, ...(isEnding && {deletionTimestamp: '2026-01-01T00:00:00Z'})},
  spec: {nodeName, containers: [{ports: [{containerPort: 80}]}]},
  status: {
    phase: 'Running',
    podIP: ips[0],
    podIPs: ips.map(ip => ({ip})),
    conditions: [{type: 'Ready', status: isReady ? 'True' : 'False'}],
  },
})
const serviceOf = (name: string, spec: object = {}, status: object = {}) => ({
  kind: 'Service',
  metadata: {namespace: 'a', name},
  spec: {clusterIP: '10.100.0.1', selector: {app: name}, ports: [{port: 80, nodePort: 30_080}], ...spec},
  status,
})
const slice = (name: string, ...endpoints: readonly object[]) => ({
  kind: 'EndpointSlice',
  metadata: {namespace: 'a', name: `${name}-1`, labels: {'kubernetes.io/service-name': name}},
  endpoints,
  ports: [{port: 80}],
})

test.each<{what: string; objects: readonly object[]; source?: string; verdict: string; because: string}>([
  {
    what: 'a pod whose first address is of IPv6 is found by its IPv4 one',
    objects: [serviceOf('open'), pod('open', 'n2', ['fd00::2', '10.0.2.2'])],
    verdict: 'accept',
    because: 'no ingress policy selects the receiver',
  },
  {
    what: 'pods that are not ready get nothing',
    objects: [serviceOf('open'), pod('open', 'n2', ['10.0.2.2'], {isReady: false})],
    verdict: 'drop',
    because: 'none of its 1 endpoints is ready',
  },
  {
    what: 'they do where the service wants it',
    objects: [serviceOf('open', {publishNotReadyAddresses: true}), pod('open', 'n2', ['10.0.2.2'], {isReady: false})],
    verdict: 'accept',
    because: 'no ingress policy selects the receiver',
  },
  {
    what: 'pods that end get what no other is there for',
    objects: [serviceOf('open'), pod('open', 'n2', ['10.0.2.2'], {isEnding: true})],
    verdict: 'accept',
    because: 'no ingress policy selects the receiver',
  },
  {
    what: 'slices of other services say nothing of one that selects pods',
    objects: [serviceOf('shut'), pod('shut', 'n2', ['10.0.2.2']), slice('other')],
    verdict: 'drop',
    because: 'ingress not allowed by any of the policies that select the receiver: a/shut',
  },
  {
    what: 'Endpoints without any are known to be none',
    objects: [
      serviceOf('open'),
      pod('open', 'n2', ['10.0.2.2']),
      {kind: 'Endpoints', metadata: {namespace: 'a', name: 'open'}, subsets: []},
    ],
    verdict: 'drop',
    because: 'it has no endpoints',
  },
  {
    what: 'pods of other nodes get nothing of a service that keeps to the own one',
    objects: [serviceOf('open', {internalTrafficPolicy: 'Local'}), pod('open', 'n2', ['10.0.2.2'])],
    verdict: 'drop',
    because: 'none of its endpoints is on node n1',
  },
  {
    what: 'those of the own node do, by the node of their slice, too',
    objects: [
      serviceOf('open', {internalTrafficPolicy: 'Local'}),
      slice('open', {addresses: ['10.0.1.8'], nodeName: 'n1'}, {addresses: ['10.0.2.2'], nodeName: 'n2'}),
    ],
    verdict: 'accept',
    because: 'no ingress policy selects the receiver',
  },
  {
    what: 'which node is the own one of an address is not known',
    objects: [serviceOf('open', {internalTrafficPolicy: 'Local'}), pod('open', 'n2', ['10.0.2.2'])],
    source: '10.0.7.7',
    verdict: 'unknown',
    because: "only pods on the sender's node get packets, and which node that is is not known",
  },
  {
    what: 'of two pods with one address the slice names the one that is meant',
    objects: [
      serviceOf('open'),
      pod('open', 'n2', ['10.0.2.2']),
      pod('shut', 'n2', ['10.0.2.2']),
      slice('open', {addresses: ['10.0.2.2'], targetRef: {kind: 'Pod', name: 'open'}}),
    ],
    verdict: 'accept',
    because: 'no ingress policy selects the receiver',
  },
])('of the ends of a service, $what', async ({objects, source = 'a/web', verdict, because}) => {
  const service = (objects[0] as Item).metadata.name
  for (const all of [objects, objects.toReversed()]) {
    const trace = tracePacket(
      await nodesOf(two(...all)),
      {source, destination: `svc/a/${service}`, protocol: 'tcp', port: '80'},
      [],
    )
    expect([trace.verdict, trace.because]).toEqual([verdict, expect.stringContaining(because)])
  }
})

test.each([
  ['a port of a node', '10.9.0.2', '30080', 'node port'],
  ['a load balancer', '20.1.2.3', '80', 'load balancer'],
  ['an external address', '198.18.0.1', '80', 'external address'],
])('objects alone do not tell what becomes of packets to %s of a service', async (_, destination, port, what) => {
  const service = serviceOf('shut', {externalIPs: ['198.18.0.1']}, {loadBalancer: {ingress: [{ip: '20.1.2.3'}]}})
  const nodes = await nodesOf(two(service, pod('shut', 'n2', ['10.0.2.2'])))
  for (const source of ['a/web', 'external']) {
    const ask = (at: string) => tracePacket(nodes, {source, destination, protocol: 'tcp', port: at}, [])
    const trace = ask(port)
    expect([trace.verdict, trace.because]).toEqual(['unknown', expect.stringContaining(`is the ${what} of service a/shut`)])
    expect(trace.service?.backends).toMatchObject([{pod: 'a/shut'}])
    expect(trace.incomplete).toHaveLength(1)
    expect(ask('81').verdict).toBe('accept')
  }
})

test('the rules of a node decide where they translate the address, as kube-proxy does', async () => {
  const n1 = ['iptables-nft-save.txt', 'ipset-save.txt'].map(name => readFileSync(fixture(`ways/nodes/n1/${name}`), 'utf8'))
  const nodes = await nodesOf(cluster, services, ...n1)
  const trace = tracePacket(nodes, {source: 'farm/barn-0', destination: 'svc/dairy', protocol: 'tcp', port: undefined}, [])
  expect(trace.service?.from).toBe('rules')
  expect(trace.trail.some(({text}) => text.includes('DNAT'))).toBe(true)
  // Its rules know nothing of this service.
  const churn = tracePacket(nodes, {source: 'farm/barn-0', destination: 'svc/churn', protocol: 'tcp', port: 'http'}, [])
  expect([churn.service?.from, churn.walked, churn.verdict]).toEqual(['endpoints', true, 'accept'])
})

test('names of services that are not known say what to do', async () => {
  await expect(traced('farm/barn-0', 'svc/dary')).rejects.toMatchObject({
    message: 'service dary is not in the input',
    steps: ['Did you mean svc/dairy?', 'Check the name: kubectl get services -A'],
  })
  await expect(traced('svc/dairy', 'farm/barn-0', '80')).rejects.toThrow('svc/dairy is a service, and sends nothing')
  await expect(traced('farm/barn-0', 'svc/outside')).rejects.toThrow('is another name of shop.example.com')
  const without = await nodesOf(cluster)
  expect(() => tracePacket(without, {source: 'farm/barn-0', destination: 'svc/dairy', protocol: 'tcp', port: '80'}, [])).toThrow(
    'service dairy: no services are in the input',
  )
})

test('the nodes of all backends are the nodes of a service', async () => {
  const [node] = await nodesOf(cluster, services)
  if (!node?.cluster) throw new Error('no objects were read')
  expect(nodesOfEndpoints(node.cluster, ['market/stall-0', 'svc/dairy']).toSorted()).toEqual(['n1', 'n2'])
})
