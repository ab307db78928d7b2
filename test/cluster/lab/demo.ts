import {BOX} from './box.ts'
import type {Cluster} from './real-cluster.ts'

/** Where the demo's pods listen; each answers with its name. */
export const DEMO_PORT = 8080

const namespace = (name: string) => ({apiVersion: 'v1', kind: 'Namespace', metadata: {name}})

const pod = (namespace: string, name: string, app: string, nodeName: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {namespace, name, labels: {app}},
  spec: {
    nodeName,
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: 'box',
        image: BOX,
        imagePullPolicy: 'Never',
        command: ['nc', '-ll', '-p', String(DEMO_PORT), '-e', 'hostname'],
        ports: [{name: 'web', containerPort: DEMO_PORT}],
      },
    ],
  },
})

const policy = (name: string, spec: object) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: {namespace: 'bakery', name},
  spec,
})

/** A shop, its bakery and passers-by: three namespaces on two nodes, a Service, and who may come into the bakery. */
const demo: readonly object[] = [
  ...['storefront', 'bakery', 'street'].map(namespace),
  pod('storefront', 'till', 'till', 'node1'),
  pod('bakery', 'oven-1', 'oven', 'node1'),
  pod('bakery', 'oven-2', 'oven', 'node2'),
  pod('street', 'guest', 'guest', 'node2'),
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {namespace: 'bakery', name: 'oven'},
    spec: {selector: {app: 'oven'}, ports: [{port: 80, targetPort: 'web'}]},
  },
  policy('closed', {podSelector: {}, policyTypes: ['Ingress']}),
  policy('oven', {
    podSelector: {matchLabels: {app: 'oven'}},
    ingress: [
      {
        from: [
          {
            namespaceSelector: {matchLabels: {'kubernetes.io/metadata.name': 'storefront'}},
            podSelector: {matchLabels: {app: 'till'}},
          },
        ],
        ports: [{port: 'web'}],
      },
    ],
  }),
]

/** Creates the demo's objects in a cluster with nodes `node1` and `node2`, and waits until its pods are ready. */
export async function applyDemo(cluster: Cluster): Promise<void> {
  await cluster.kubectl(['apply', '-f', '-'], {input: JSON.stringify({apiVersion: 'v1', kind: 'List', items: demo})})
  await cluster.kubectl(['wait', 'pod', '--all-namespaces', '--all', '--for', 'condition=Ready', '--timeout', '120s'])
}
