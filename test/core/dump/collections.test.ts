import {describe, expect, test} from 'vitest'
import {stringify} from 'yaml'
import type {DumpDocument} from '../../../core/dump/model.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import {tracePacket} from '../../../core/trace/trace-packet.ts'

/** One cluster as tools collect it: `kubectl cluster-info dump`, a must-gather of OpenShift, a backup of Velero. */

interface Item {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {readonly name: string; readonly namespace?: string; readonly labels?: object}
  readonly spec?: object
  readonly status?: object
}
const namespaces: readonly Item[] = ['till', 'yard'].map(name => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {name, labels: {'kubernetes.io/metadata.name': name, team: name}},
}))
const nodes: readonly Item[] = ['n1', 'n2'].map(name => ({apiVersion: 'v1', kind: 'Node', metadata: {name}}))
const pods: readonly Item[] = ['till/counter', 'yard/cart'].map((key, index) => {
  const [namespace = '', name = ''] = key.split('/')
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {name, namespace, labels: {app: name}},
    spec: {nodeName: 'n1', containers: []},
    status: {phase: 'Running', podIP: `10.2.0.${index + 1}`},
  }
})
const policies: readonly Item[] = [
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: {name: 'closed', namespace: 'till'},
    spec: {podSelector: {}, policyTypes: ['Ingress'], ingress: [{from: [{namespaceSelector: {matchLabels: {team: 'till'}}}]}]},
  },
]
const foreign = {apiVersion: 'config.openshift.io/v1', kind: 'Node', metadata: {name: 'cluster'}, spec: {}}

const json = (value: unknown) => JSON.stringify(value, undefined, 4)
/** A list of the API as Go prints it; its items name no kind. */
const typed = (kind: string, of: readonly Item[]) => ({
  kind: `${kind}List`,
  apiVersion: of[0]?.apiVersion ?? 'v1',
  metadata: {},
  items: of.map(({metadata, spec, status}) => ({metadata, spec, status})),
})
/** As `oc adm inspect` prints it: with its kind behind the items. */
const inspected = (kind: string, of: readonly Item[]) =>
  `---\n${stringify({apiVersion: of[0]?.apiVersion ?? 'v1', items: of, kind: `${kind}List`, metadata: {}})}`
const inNamespace = (of: readonly Item[], name: string) => of.filter(({metadata}) => metadata.namespace === name)

const LOG =
  'kind: NetworkPolicy\n{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "counter", "namespace": "till"}}\n*filter\n:X - [0:0]\n}'
const logs = `==== START logs for container c of pod till/counter ====\n${LOG}\n==== END logs for container c of pod till/counter ====\n`

const document = ([path, text]: readonly [string, string]): DumpDocument => ({
  name: path,
  folder: path.slice(0, Math.max(path.lastIndexOf('/'), 0)),
  text: [text],
})

async function read(files: Readonly<Record<string, string>>) {
  const {nodes: dumps, problems} = await readDump(Object.entries(files).map(document))
  const all = [...problems, ...dumps.flatMap(dump => dump.problems)]
  const packet = {source: 'yard/cart', destination: 'till/counter', protocol: 'tcp' as const, port: '80'}
  const {pods: its = [], namespaces: known = [], policies: asked = [], nodes: machines = []} = dumps[0]?.cluster ?? {}
  return {
    verdict: tracePacket(dumps, packet, problems).verdict,
    counts: [its.length, known.length, asked.length, machines.length],
    codes: all.map(({code}) => code),
    names: dumps.map(({node}) => node),
  }
}

/** What `kubectl cluster-info dump` collects: neither policies nor namespaces. */
const clusterInfo = ['till', 'yard'].flatMap(name => [
  [`info/${name}/events.json`, json({kind: 'EventList', apiVersion: 'v1', items: [{metadata: {name: 'e', namespace: name}}]})],
  [`info/${name}/services.json`, json({kind: 'ServiceList', apiVersion: 'v1', items: []})],
  [`info/${name}/pods.json`, json(typed('Pod', inNamespace(pods, name)))],
  [`info/${name}/counter/logs.txt`, logs],
])
const clusterInfoFiles: Readonly<Record<string, string>> = Object.fromEntries([
  ['info/nodes.json', json(typed('Node', nodes))],
  ...clusterInfo,
])
const beside = {
  'more/policies.json': json(typed('NetworkPolicy', policies)),
  'more/namespaces.yaml': inspected('Namespace', namespaces),
}

describe('kubectl cluster-info dump', () => {
  test('in a folder gives pods and nodes; policies are not in it, so the verdict is unknown', async () => {
    expect(await read(clusterInfoFiles)).toMatchObject({verdict: 'unknown', counts: [2, 0, 0, 2], codes: []})
  })

  test('in a folder, with policies and namespaces beside it, gives the verdict', async () => {
    expect(await read({...clusterInfoFiles, ...beside})).toMatchObject({verdict: 'drop', counts: [2, 2, 1, 2], codes: []})
  })

  test('in one stream gives the same, and what pods have logged is no object', async () => {
    const stream = `${Object.values(clusterInfoFiles).join('')}Cluster info dumped to standard output\n`
    const {codes, ...rest} = await read({'info.txt': stream, ...beside})
    expect(rest).toMatchObject({verdict: 'drop', counts: [2, 2, 1, 2]})
    expect(codes).toEqual(['BAD_JSON'])
  })
})

test('a must-gather of OpenShift is read, and its settings that are called Node are none', async () => {
  const files = Object.fromEntries([
    ...nodes.map(node => [`must/cluster-scoped-resources/core/nodes/${node.metadata.name}.yaml`, `---\n${stringify(node)}`]),
    ...namespaces.map(each => [`must/cluster-scoped-resources/core/namespaces/${each.metadata.name}.yaml`, stringify(each)]),
    ['must/cluster-scoped-resources/config.openshift.io/nodes.yaml', stringify(foreign)],
    ...['till', 'yard'].flatMap(name => [
      [`must/namespaces/${name}/${name}.yaml`, stringify(namespaces.find(({metadata}) => metadata.name === name))],
      [`must/namespaces/${name}/core/pods.yaml`, inspected('Pod', inNamespace(pods, name))],
      [`must/namespaces/${name}/networking.k8s.io/networkpolicies.yaml`, inspected('NetworkPolicy', inNamespace(policies, name))],
      ...inNamespace(pods, name).map(each => [
        `must/namespaces/${name}/pods/${each.metadata.name}/${each.metadata.name}.yaml`,
        stringify(each),
      ]),
      [`must/namespaces/${name}/pods/counter/c/c/logs/current.log`, LOG.replaceAll(/^/gm, '2026-01-01T00:00:00.000000000Z ')],
    ]),
    ['must/timestamp', '2026-01-01 00:00:00 +0000 UTC m=+0.1\n'],
  ]) as Record<string, string>
  expect(await read(files)).toMatchObject({verdict: 'drop', counts: [2, 2, 1, 2], codes: ['FOREIGN_OBJECT']})
})

test('a backup of Velero, which holds each object under two versions, is read, and names no node', async () => {
  const resources = [
    {folder: 'pods', of: pods},
    {folder: 'namespaces', of: namespaces},
    {folder: 'networkpolicies.networking.k8s.io', of: policies},
    {folder: 'nodes', of: nodes},
  ]
  const files = resources.flatMap(({folder, of}) =>
    of.flatMap(item => {
      const {name, namespace} = item.metadata
      const end = namespace === undefined ? `cluster/${name}.json` : `namespaces/${namespace}/${name}.json`
      return ['', 'v1-preferredversion/'].map(version => [`backup/resources/${folder}/${version}${end}`, JSON.stringify(item)])
    }),
  )
  const all = Object.fromEntries([...files, ['backup/metadata/version', '1.1.0\n']]) as Record<string, string>
  expect(await read(all)).toEqual({verdict: 'drop', counts: [2, 2, 1, 2], codes: [], names: ['unknown']})
})
