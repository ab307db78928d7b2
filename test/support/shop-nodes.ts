import type {NodeState} from '../../core/dataplane/dataplane.ts'
import type {DumpDocument} from '../../core/dump/model.ts'
import {readDump} from '../../core/dump/read-dump.ts'
import type {ClusterObjects, Pod} from '../../core/kubernetes/objects.ts'
import {compile} from '../../core/linux/compile/compile.ts'
import {linesOf, type NodeLines} from './node-of.ts'

const pod = (namespace: string, name: string, node: string, podIP: string, more: Pod['spec'] = {}): Pod => ({
  metadata: {namespace, name, labels: {app: name}},
  spec: {nodeName: node, ...more},
  status: {phase: 'Running', podIP},
})

/**
 * A cluster that is known by heart: shop/web on n1 may send to shop/db on n2, to its port 5432 only, and nobody else may;
 * ops/job on n1 is selected by no policy; ops/proxy uses the network of n2.
 */
export const shop: ClusterObjects = {
  namespaces: ['shop', 'ops'].map(name => ({metadata: {name}})),
  nodes: [
    {metadata: {name: 'n1'}, status: {addresses: [{type: 'InternalIP', address: '10.9.0.1'}]}},
    {metadata: {name: 'n2'}, status: {addresses: [{type: 'InternalIP', address: '10.9.0.2'}]}},
  ],
  pods: [
    pod('shop', 'web', 'n1', '10.0.1.1'),
    pod('shop', 'db', 'n2', '10.0.2.1', {containers: [{ports: [{name: 'sql', containerPort: 5432}]}]}),
    pod('ops', 'job', 'n1', '10.0.1.9'),
    pod('ops', 'proxy', 'n2', '10.9.0.2', {hostNetwork: true}),
  ],
  policies: [
    {
      metadata: {namespace: 'shop', name: 'db-from-web'},
      spec: {
        podSelector: {matchLabels: {app: 'db'}},
        policyTypes: ['Ingress'],
        ingress: [{from: [{podSelector: {matchLabels: {app: 'web'}}}], ports: [{port: 'sql'}]}],
      },
    },
    {
      metadata: {namespace: 'shop', name: 'web-to-db'},
      spec: {
        podSelector: {matchLabels: {app: 'web'}},
        policyTypes: ['Egress'],
        egress: [{to: [{podSelector: {matchLabels: {app: 'db'}}}]}],
      },
    },
  ],
}

/** What a node of the shop holds when Azure NPM has done its work. */
export const shopLines: NodeLines = linesOf(compile(shop, {scheme: 'sha256', semantics: 'npm'}))

const document = (folder: string, file: string, text: string, kind?: DumpDocument['kind']): DumpDocument => ({
  name: `${folder}/${file}`,
  folder,
  text: [text],
  ...(kind && {kind}),
})

/**
 * Reads nodes of the shop as a dump holds them.
 *
 * @param lines what each node holds, by its name
 * @param cluster the objects in the dump; null for a dump without objects
 */
export async function shopNodes(
  lines: Readonly<Record<string, Partial<NodeLines>>> = {n1: shopLines, n2: shopLines},
  cluster: ClusterObjects | null = shop,
): Promise<NodeState[]> {
  const documents = Object.entries(lines).flatMap(([node, {rules, sets}]) => [
    ...(rules ? [document(`dump/nodes/${node}`, 'iptables-save.txt', `${rules.join('\n')}\n`, 'iptables-save')] : []),
    ...(sets ? [document(`dump/nodes/${node}`, 'ipset-save.txt', `${sets.join('\n')}\n`, 'ipset-save')] : []),
  ])
  const items = cluster && [
    ...cluster.namespaces.map(each => ({kind: 'Namespace', ...each})),
    ...cluster.nodes.map(each => ({kind: 'Node', ...each})),
    ...cluster.pods.map(each => ({kind: 'Pod', ...each})),
    ...cluster.policies.map(each => ({kind: 'NetworkPolicy', ...each})),
  ]
  if (items) documents.push(document('dump', 'cluster.json', JSON.stringify({kind: 'List', items})))
  return (await readDump(documents)).nodes
}
