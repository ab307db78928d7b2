import {mkdir, readFile, stat} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import type {ClusterObjects, NetworkPolicy, PolicyPeer} from '../../core/kubernetes/objects.ts'
import {readClusterObjects} from '../../core/kubernetes/read-objects.ts'
import {compile} from '../../core/windows/compile/compile.ts'
import {printHns} from '../../core/windows/compile/print.ts'
import {type ClusterSize, clusterFile} from './cluster-file.ts'
import {write} from './compiled-dump.ts'

const NODE = 'win-0'

/** A dump of one Windows node on which all pods of a made-up cluster run, with what Azure NPM programs there. */
export interface WindowsDump {
  readonly folder: string
  readonly cluster: string
  /** Of the node's documents. */
  readonly bytes: number
}

export async function windowsDump(size: ClusterSize): Promise<WindowsDump> {
  const made = await clusterFile(size)
  const folder = made.replace(/\.json$/, '-windows')
  const cluster = join(folder, 'cluster.json')
  const own = join(folder, 'nodes', NODE)
  const [networks, endpoints] = [join(own, 'hns-networks.json'), join(own, 'hns-endpoints.json')]
  if (!(await stat(cluster).catch(() => undefined))) {
    await mkdir(own, {recursive: true})
    const {objects} = readClusterObjects(JSON.parse(await readFile(made, 'utf8')) as unknown)
    const onWindows = placed(objects)
    const printed = JSON.parse(
      [...printHns(compile(onWindows, {scheme: 'sha256', semantics: 'npm', node: NODE}))].join('\n'),
    ) as {
      readonly network: {readonly Policies: readonly object[]}
      readonly endpoints: readonly {readonly pod: string; readonly address: string; readonly Policies: readonly object[]}[]
    }
    await write(networks, [JSON.stringify([{ID: 'net', Name: 'azure', Ipams: [], Policies: printed.network.Policies}])])
    await write(endpoints, [JSON.stringify(printed.endpoints.map(endpointOf))])
    await mkdir(dirname(cluster), {recursive: true})
    const items = [
      ...onWindows.namespaces.map(each => ({...each, kind: 'Namespace'})),
      ...onWindows.nodes.map(each => ({...each, kind: 'Node'})),
      ...onWindows.pods.map(each => ({...each, kind: 'Pod'})),
      ...onWindows.policies.map(each => ({...each, kind: 'NetworkPolicy'})),
    ]
    await write(cluster, [JSON.stringify({apiVersion: 'v1', kind: 'List', items})])
  }
  return {folder, cluster, bytes: (await stat(networks)).size + (await stat(endpoints)).size}
}

/** What Azure CNI has on each endpoint, and then Azure NPM's. */
const endpointOf = ({pod, address, Policies}: {pod: string; address: string; Policies: readonly object[]}) => ({
  ID: `id-${pod}`,
  Name: pod.replace('/', '-'),
  HostComputeNetwork: 'net',
  State: 3,
  IpConfigurations: [{IpAddress: address}],
  Policies: [
    ...(['In', 'Out'] as const).map(Direction => ({
      Type: 'ACL',
      Settings: {Action: 'Allow', Direction, RuleType: 'Switch', Priority: 65_499},
    })),
    ...Policies,
  ],
})

/** The objects with all pods on one node, and with policies that rules of HNS can express. */
const placed = ({pods, policies, namespaces}: ClusterObjects): ClusterObjects => ({
  namespaces,
  pods: pods.map(pod => ({...pod, spec: {...pod.spec, nodeName: NODE}})),
  policies: policies.map(expressible),
  nodes: [
    {
      metadata: {name: NODE, labels: {'kubernetes.io/os': 'windows'}},
      status: {addresses: [{type: 'InternalIP', address: '10.250.0.1'}]},
    },
  ],
})

function expressible(policy: NetworkPolicy): NetworkPolicy {
  const {ingress, egress} = policy.spec
  const peer = (each: PolicyPeer): PolicyPeer => (each.ipBlock ? {ipBlock: {cidr: each.ipBlock.cidr}} : each)
  return {
    ...policy,
    spec: {
      ...policy.spec,
      ...(ingress && {
        ingress: ingress.map(({from, ports}) => ({
          ...(from && {from: from.map(peer)}),
          ...(ports && {ports: ports.map(each => (typeof each.port === 'string' ? {...each, port: 8443} : each))}),
        })),
      }),
      ...(egress && {egress: egress.map(({to, ...rest}) => ({...rest, ...(to && {to: to.map(peer)})}))}),
    },
  }
}
