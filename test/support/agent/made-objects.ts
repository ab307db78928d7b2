import {expect} from 'vitest'
import type {ClusterObjects, Namespace, NetworkPolicy, Node, Pod} from '../../../core/kubernetes/objects.ts'
import type {LinuxProgram} from '../../../core/linux/npm/program.ts'
import {listedRules} from '../linux/listed-rules.ts'
import type {FakeApiServer, Stored} from './fake-api-server.ts'
import {paths} from './fake-api-server.ts'

/*
 * Objects as an agent keeps them, and `served`, the same as an API server has them. What an agent knows is compared with
 * the former, so the trimming under test has no part in what is expected.
 */

export const pod = (
  name: string,
  fields: {labels?: Record<string, string>; ip?: string; node?: string; phase?: string} = {},
): Pod => ({
  metadata: {name, namespace: 'red', labels: fields.labels ?? {app: 'web'}},
  spec: {nodeName: fields.node ?? 'here', containers: [{ports: [{name: 'http', containerPort: 8080, protocol: 'TCP'}]}]},
  status: {phase: fields.phase ?? 'Running', podIP: fields.ip ?? '10.1.0.1'},
})

export const namespace = (name: string, labels: Record<string, string> = {}): Namespace => ({metadata: {name, labels}})

export const policy = (name: string, app = 'web'): NetworkPolicy => ({
  metadata: {name, namespace: 'red'},
  spec: {podSelector: {matchLabels: {app}}, policyTypes: ['Ingress'], ingress: [{from: [{podSelector: {}}]}]},
})

export const node = (name: string, address = '192.168.0.1'): Node => ({
  metadata: {name, labels: {'kubernetes.io/os': 'linux'}},
  spec: {podCIDR: '10.244.0.0/24'},
  status: {addresses: [{type: 'InternalIP', address}]},
})

const NOISE = {
  uid: '5e1c0d9b-0000-0000-0000-000000000000',
  creationTimestamp: '2026-01-01T00:00:00Z',
  annotations: {note: 'nobody needs this'},
  managedFields: [{manager: 'kubelet', fieldsV1: {'f:status': {}}}],
}

/** @param turn changes what nobody needs: the agent must not see a difference */
export function served(object: Pod | Namespace | NetworkPolicy | Node, turn = 0): Stored {
  const {metadata, spec = {}, status = {}} = object as {metadata: Stored['metadata']; spec?: object; status?: object}
  const containers = (spec as Pod['spec'])?.containers?.map((each, index) => ({
    name: `c${index}`,
    image: 'registry/image:1',
    ...each,
  }))
  return {
    metadata: {...metadata, ...NOISE, ...(metadata.name === 'kube-system' && {uid: 'first-cluster'}), generation: turn},
    spec: {...spec, ...(containers && {containers, serviceAccountName: 'default'})},
    status: {...status, conditions: [{type: 'Ready', status: 'True', lastHeartbeatTime: String(turn)}]},
  }
}

/** Objects of a cluster in an order that means nothing. */
export function sorted({pods, namespaces, policies, nodes}: ClusterObjects): ClusterObjects {
  const key = ({metadata}: {metadata: {name: string; namespace?: string}}) => `${metadata.namespace ?? ''}/${metadata.name}`
  const inOrder = <Item extends {metadata: {name: string; namespace?: string}}>(items: readonly Item[]): Item[] =>
    items.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
  return {pods: inOrder(pods), namespaces: inOrder(namespaces), policies: inOrder(policies), nodes: inOrder(nodes)}
}

/** A program with all orders that mean nothing put into one. */
export const canonical = ({sets, policies, baseChains, refusals}: LinuxProgram): unknown => ({
  sets: [...sets.values()]
    .map(set => ({...set, members: set.members.toSorted()}))
    .toSorted((a, b) => (a.kernelName < b.kernelName ? -1 : 1)),
  policies: listedRules(policies)
    .map(each => ({...each, sets: each.sets.toSorted()}))
    .toSorted((a, b) => (a.policy < b.policy ? -1 : 1)),
  baseChains: Object.fromEntries(baseChains),
  refusals,
})

/** What an agent has to know of the server. Of the server's objects those parts are taken that no test's noise touches. */
function expectedOf(server: FakeApiServer): ClusterObjects {
  const meta = ({metadata: {name, namespace, labels}}: Stored) =>
    ({name, ...(namespace !== undefined && {namespace}), ...(labels !== undefined && {labels})}) as Pod['metadata']
  return {
    pods: server.stored(paths.pods).flatMap(each => {
      const {spec, status} = each as unknown as Required<Pod>
      if (status.phase === 'Succeeded' || status.phase === 'Failed') return []
      return [
        {
          metadata: meta(each),
          spec: {nodeName: spec.nodeName as string, containers: (spec.containers ?? []).map(({ports = []}) => ({ports}))},
          status: {phase: status.phase as string, podIP: status.podIP as string},
        },
      ]
    }),
    namespaces: server.stored(paths.namespaces).map(each => ({metadata: meta(each)})),
    policies: server.stored(paths.policies).map(each => {
      const {metadata, spec} = each as unknown as NetworkPolicy
      // How old policies are is told; of nothing else.
      const {creationTimestamp} = metadata
      return {metadata: {...meta(each), ...(creationTimestamp !== undefined && {creationTimestamp})}, spec}
    }),
    nodes: server.stored(paths.nodes).map(each => {
      const {spec, status} = each as unknown as Required<Node>
      return {metadata: meta(each), spec, status: {addresses: status.addresses ?? []}}
    }),
  }
}

/** @throws unless both know the same objects */
export function expectSame(known: ClusterObjects, server: FakeApiServer): void {
  expect(sorted(known)).toEqual(sorted(expectedOf(server)))
}
