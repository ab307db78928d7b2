import {fc} from '@fast-check/vitest'
import type {
  ClusterObjects,
  LabelSelector,
  Namespace,
  NetworkPolicy,
  Pod,
  PolicyPeer,
  PolicyPort,
} from '../../core/kubernetes/objects.ts'
import type {Packet} from '../../core/net/packet.ts'

/** Small random clusters in which names, labels and ports meet often, so that policies have something to say. */

const keys = fc.constantFrom('app', 'team')
const values = fc.constantFrom('a', 'b', 'c')
const labels = fc.dictionary(keys, values, {maxKeys: 2, noNullPrototype: true})
const namespaces = ['red', 'green']
const portNames = fc.constantFrom('web', 'data')
const protocols = fc.constantFrom('TCP', 'UDP', 'SCTP')
const numbers = fc.constantFrom(80, 81, 8080)

const expression = fc.oneof(
  fc.record({
    key: keys,
    operator: fc.constantFrom('In' as const, 'NotIn' as const),
    values: fc.uniqueArray(values, {minLength: 1, maxLength: 3}),
  }),
  fc.record({key: keys, operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const)}),
)

// Long selectors fit nobody; most have one condition.
const selector: fc.Arbitrary<LabelSelector> = fc.oneof(
  {weight: 2, arbitrary: fc.constant({})},
  {weight: 2, arbitrary: fc.tuple(keys, values).map(([key, value]) => ({matchLabels: {[key]: value}}))},
  {weight: 4, arbitrary: expression.map(each => ({matchExpressions: [each]}))},
  {weight: 1, arbitrary: fc.record({matchLabels: labels, matchExpressions: fc.array(expression, {maxLength: 2})})},
)

const block = fc.constantFrom(
  {cidr: '10.1.0.0/16'},
  {cidr: '10.1.0.0/24', except: ['10.1.0.2/32']},
  {cidr: '0.0.0.0/0'},
  {cidr: '0.0.0.0/0', except: ['10.0.0.0/8']},
  {cidr: '203.0.113.0/24', except: ['203.0.113.128/25']},
)

const peer: fc.Arbitrary<PolicyPeer> = fc.oneof(
  fc.record({podSelector: selector}),
  fc.record({namespaceSelector: selector}),
  fc.record({podSelector: selector, namespaceSelector: selector}),
  fc.record({ipBlock: block}),
)

const port: fc.Arbitrary<PolicyPort> = fc.oneof(
  fc.record({protocol: protocols}),
  fc.record({protocol: protocols, port: numbers}),
  fc.record({protocol: protocols, port: portNames}),
  fc.record({protocol: protocols, port: fc.constant(80), endPort: fc.constantFrom(80, 81, 90)}),
)

const peers = fc.option(fc.array(peer, {maxLength: 2}), {nil: undefined, freq: 4})
const ports = fc.option(fc.array(port, {maxLength: 2}), {nil: undefined})
const defined = <Item extends object>(item: Item): Item =>
  Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined)) as Item

const types = fc.constantFrom<string[] | undefined>(undefined, ['Ingress'], ['Egress'], ['Ingress', 'Egress'])

const policy = (index: number): fc.Arbitrary<NetworkPolicy> =>
  fc
    .record({
      namespace: fc.constantFrom(...namespaces),
      podSelector: selector,
      policyTypes: types,
      ingress: fc.array(fc.record({from: peers, ports}), {maxLength: 2}),
      egress: fc.array(fc.record({to: peers, ports}), {maxLength: 2}),
    })
    .map(({namespace, podSelector, policyTypes, ingress, egress}) => ({
      metadata: {name: `policy-${index}`, namespace},
      spec: defined({
        podSelector,
        policyTypes,
        ingress: ingress.map(defined),
        egress: egress.map(defined),
      }) as NetworkPolicy['spec'],
    }))

const pod = (index: number): fc.Arbitrary<Pod> =>
  fc
    .record({
      namespace: fc.constantFrom(...namespaces),
      labels,
      ports: fc.uniqueArray(fc.record({name: portNames, containerPort: numbers, protocol: protocols}), {
        selector: each => each.name,
        maxLength: 2,
      }),
      phase: fc.constantFrom('Running', 'Running', 'Running', 'Pending', 'Succeeded'),
      hostNetwork: fc.constantFrom(false, false, false, true),
    })
    .map(({namespace, labels: own, ports: declared, phase, hostNetwork}) => ({
      metadata: {name: `pod-${index}`, namespace, labels: own},
      spec: {hostNetwork, nodeName: 'node', containers: [{ports: declared}]},
      status: {phase, podIP: hostNetwork ? '192.168.0.4' : `10.1.0.${index + 1}`},
    }))

const namespace = (name: string): fc.Arbitrary<Namespace> =>
  labels.map(own => ({metadata: {name, labels: {'kubernetes.io/metadata.name': name, ...own}}}))

/** A cluster of two namespaces, up to six pods and up to four policies. */
export const cluster: fc.Arbitrary<ClusterObjects> = fc
  .record({
    namespaces: fc.tuple(...namespaces.map(namespace)),
    pods: fc.tuple(...[0, 1, 2, 3, 4, 5].map(pod)),
    podCount: fc.integer({min: 2, max: 6}),
    policies: fc.tuple(...[0, 1, 2, 3].map(policy)),
    policyCount: fc.integer({min: 0, max: 4}),
  })
  .map(({namespaces: all, pods, podCount, policies, policyCount}) => ({
    namespaces: all,
    pods: pods.slice(0, podCount),
    policies: policies.slice(0, policyCount),
    nodes: [],
  }))

/** Every packet between the pods of a cluster, a host, and three outside addresses, at every port that policies may name. */
export function* packetsOf({pods}: ClusterObjects): Generator<Packet> {
  const inside = pods.map(({status}) => status?.podIP ?? '')
  const addresses = [...new Set([...inside, '203.0.113.5', '203.0.113.200', '198.51.100.1'])]
  for (const source of addresses)
    for (const destination of addresses) {
      if (source === destination) continue
      for (const protocol of ['tcp', 'udp', 'sctp'] as const)
        for (const number of [80, 81, 8080, 9999]) yield {source, destination, protocol, port: number}
      yield {source, destination, protocol: 'icmp'}
    }
}
