/*
 * Makes examples/shop, the broken dump of the tutorial, from the real kernel: node scripts/example.ts (as root)
 *
 * Each node has what `compile` makes of examples/policies.yaml, loaded into a network namespace of its own. The first node is broken there,
 * with ipset and iptables, as nodes break: a set loses a pod, a policy stays that was deleted, another program puts its rule in front.
 */
import {mkdir, readFile, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {execa} from 'execa'
import {parseAllDocuments} from 'yaml'
import type {DumpManifest} from '../core/contract/dump.ts'
import {DUMP_FORMAT} from '../core/contract/dump-format.ts'
import {API_VERSION} from '../core/contract/version.ts'
import {loadRules, loadSets, saveRules, saveSets} from '../test/support/kernel/load.ts'
import {type Namespace, openNamespace} from '../test/support/kernel/namespace.ts'
import {kubeProxyRules} from '../test/support/kernel/packets/kube-proxy.ts'

const path = (file: string): string => fileURLToPath(new URL(`../${file}`, import.meta.url))
const TARGET = path('examples/shop')
const TAKEN_AT = '2026-11-30T18:00:00Z'

const nodes = {'aks-shop-1': '10.224.0.4', 'aks-shop-2': '10.224.0.5'} as const
type NodeName = keyof typeof nodes
const [BROKEN] = Object.keys(nodes) as [NodeName]

const namespaces: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'kube-system': {},
  shop: {team: 'shop', env: 'prod'},
  monitoring: {env: 'prod'},
  dev: {env: 'dev'},
}

const pods: readonly {
  namespace: string
  name: string
  node: NodeName
  ip: string
  port?: {name: string; containerPort: number}
}[] = [
  {namespace: 'shop', name: 'web-0', node: 'aks-shop-1', ip: '10.244.1.10', port: {name: 'http', containerPort: 8080}},
  {namespace: 'shop', name: 'web-1', node: 'aks-shop-2', ip: '10.244.2.10', port: {name: 'http', containerPort: 8080}},
  {namespace: 'shop', name: 'api-0', node: 'aks-shop-1', ip: '10.244.1.11', port: {name: 'http', containerPort: 8080}},
  {namespace: 'shop', name: 'api-1', node: 'aks-shop-2', ip: '10.244.2.11', port: {name: 'http', containerPort: 8080}},
  {namespace: 'shop', name: 'db-0', node: 'aks-shop-1', ip: '10.244.1.12', port: {name: 'sql', containerPort: 5432}},
  {namespace: 'monitoring', name: 'prometheus-0', node: 'aks-shop-2', ip: '10.244.2.20'},
  {namespace: 'dev', name: 'sandbox-0', node: 'aks-shop-2', ip: '10.244.2.30'},
]

/** Deleted long ago; the first node still has it. */
const stalePolicy = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: {namespace: 'shop', name: 'campaign'},
  spec: {
    podSelector: {matchLabels: {app: 'api'}},
    policyTypes: ['Ingress'],
    ingress: [{from: [{ipBlock: {cidr: '203.0.113.0/24'}}], ports: [{protocol: 'TCP', port: 8443}]}],
  },
}

/** What breaks the first node, once its program is loaded. */
async function breakNode(namespace: Namespace): Promise<void> {
  const {stdout: set} = await plugin(['resolve', 'podlabel-app:web', '-o', 'jsonpath={.items[0].sha256[0]}'])
  await namespace.run('ipset', ['del', set, '10.244.2.10'])
  await namespace.run('iptables-nft', ['-I', 'FORWARD', '-s', '10.8.0.0/24', '-m', 'comment', '--comment', 'vpn', '-j', 'ACCEPT'])
}

/** What kube-proxy has on each node. */
const SERVICE = {
  name: 'shop/api:http',
  address: '10.0.113.7',
  protocol: 'tcp',
  port: 80,
  backends: [
    {address: '10.244.1.11', port: 8080},
    {address: '10.244.2.11', port: 8080},
  ],
} as const

const plugin = (args: readonly string[], input = '') => execa(process.execPath, [path('bin/kubectl-npm.ts'), ...args], {input})

const objectsOf = (policies: readonly unknown[]): string =>
  `${JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'List',
      items: [
        ...Object.entries(nodes).map(([name, address]) => ({
          apiVersion: 'v1',
          kind: 'Node',
          metadata: {name, labels: {'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux'}},
          status: {addresses: [{type: 'InternalIP', address}]},
        })),
        ...Object.entries(namespaces).map(([name, labels]) => ({
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: {name, labels: {'kubernetes.io/metadata.name': name, ...labels}},
        })),
        ...pods.map(({namespace, name, node, ip, port}) => ({
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: {namespace, name, labels: {app: name.replace(/-\d+$/, '')}},
          spec: {nodeName: node, containers: [{name: 'main', ...(port && {ports: [{...port, protocol: 'TCP'}]})}]},
          status: {phase: 'Running', hostIP: nodes[node], podIP: ip, podIPs: [{ip}]},
        })),
        {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: {namespace: 'shop', name: 'api'},
          spec: {
            type: 'ClusterIP',
            clusterIP: SERVICE.address,
            selector: {app: 'api'},
            ports: [{name: 'http', protocol: 'TCP', port: SERVICE.port, targetPort: 'http'}],
          },
        },
        {
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          metadata: {namespace: 'shop', name: 'api-7xk2p', labels: {'kubernetes.io/service-name': 'api'}},
          addressType: 'IPv4',
          endpoints: pods
            .filter(({name}) => name.startsWith('api-'))
            .map(({namespace, name, ip}) => ({
              addresses: [ip],
              conditions: {ready: true},
              targetRef: {kind: 'Pod', namespace, name},
            })),
          ports: [{name: 'http', protocol: 'TCP', port: 8080}],
        },
        ...policies,
      ],
    },
    undefined,
    2,
  )}\n`

/** Behind the rule of FORWARD that names KUBE-SERVICES, where Azure NPM puts its jump; `compile` prints it for an empty node. */
const JUMP_POSITION = '4'

async function programNode(namespace: Namespace, objects: string): Promise<void> {
  await loadRules(namespace, 'nft', kubeProxyRules([SERVICE]))
  await loadSets(namespace, (await plugin(['compile', '-', '-o', 'ipset'], objects)).stdout)
  await loadRules(namespace, 'nft', `${(await plugin(['compile', '-', '-o', 'iptables'], objects)).stdout}\n`)
  const jump = ['-m', 'conntrack', '--ctstate', 'NEW', '-j', 'AZURE-NPM']
  await namespace.run('iptables-nft', ['-D', 'FORWARD', ...jump])
  await namespace.run('iptables-nft', ['-I', 'FORWARD', JUMP_POSITION, ...jump])
}

const documents = ['iptables-nft-save.txt', 'ipset-save.txt']

async function writeNode(node: string, policies: readonly unknown[]): Promise<void> {
  await using namespace = await openNamespace()
  const isBroken = node === BROKEN
  await programNode(namespace, objectsOf(isBroken ? [...policies, stalePolicy] : policies))
  if (isBroken) await breakNode(namespace)
  const folder = join(TARGET, 'nodes', node)
  await mkdir(folder, {recursive: true})
  await writeFile(join(folder, 'iptables-nft-save.txt'), await saveRules(namespace, 'nft'))
  await writeFile(join(folder, 'ipset-save.txt'), await saveSets(namespace))
}

const policies = parseAllDocuments(await readFile(path('examples/policies.yaml'), 'utf8')).map(document => document.toJS())
await rm(TARGET, {recursive: true, force: true})
for (const node of Object.keys(nodes)) await writeNode(node, policies)
await writeFile(join(TARGET, 'cluster.json'), objectsOf(policies))
const manifest = {
  apiVersion: API_VERSION,
  kind: 'Dump',
  formatVersion: DUMP_FORMAT,
  id: 'examples-shop',
  takenAt: TAKEN_AT,
  version: '0.1.0',
  redacted: false,
  nodes: Object.keys(nodes).map(name => ({name, folder: `nodes/${name}`, takenAt: TAKEN_AT, documents})),
  failures: [],
} satisfies DumpManifest
await writeFile(join(TARGET, 'dump.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
