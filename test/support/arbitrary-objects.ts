import {fc} from '@fast-check/vitest'
import type {LabelSelector, Namespace, NetworkPolicy, Pod, PolicyPeer, PolicyPort} from '../../core/kubernetes/objects.ts'

// Few names, so that objects meet: the same labels, addresses taken over, and names with one decimal hash.
const namespaceName = fc.constantFrom('a', 'a', 'a', 'b', 'b', 'price-west-prod', 'msobb-target')
const address = fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3', 'fd00::1')
const labelKey = fc.constantFrom('app', 'app', 'x', 'x', 'role', 'all-namespaces')
const labels = fc.dictionary(labelKey, fc.constantFrom('web', 'web', '', 'YMaaIZ', 'mongo-gateway'), {maxKeys: 3})
const expression = fc.record({
  key: labelKey,
  operator: fc.constantFrom('In' as const, 'NotIn' as const, 'NotIn' as const, 'Exists' as const, 'DoesNotExist' as const),
  values: fc.array(fc.constantFrom('web', 'web', 'YMaaIZ', 'YMaaIZ', '', 'has space'), {minLength: 1, maxLength: 2}),
})
const selector: fc.Arbitrary<LabelSelector> = fc.oneof(
  fc.constant({}),
  fc.record({matchExpressions: fc.tuple(expression)}),
  fc.record({matchLabels: labels}),
  fc.record({matchLabels: labels, matchExpressions: fc.array(expression, {maxLength: 2})}),
)
/** Most policies are about many pods, or no packet would meet them. */
const target: fc.Arbitrary<LabelSelector> = fc.oneof({weight: 2, arbitrary: fc.constant({})}, {weight: 1, arbitrary: selector})

export const pod: fc.Arbitrary<Pod> = fc.record({
  metadata: fc.record({name: fc.constantFrom('p', 'q', 'r'), namespace: namespaceName, labels}),
  spec: fc.record(
    {
      nodeName: fc.constantFrom('here', 'there'),
      hostNetwork: fc.constantFrom(false, false, false, true),
      containers: fc.array(
        fc.record({
          ports: fc.array(
            fc.record({
              name: fc.constantFrom('http', 'dns'),
              containerPort: fc.constantFrom(80, 53),
              protocol: fc.constantFrom('TCP', 'UDP'),
            }),
            {maxLength: 2},
          ),
        }),
        {maxLength: 2},
      ),
      initContainers: fc.constantFrom(
        [],
        [],
        [],
        [{restartPolicy: 'Always', ports: [{name: 'http', containerPort: 80}]}],
        [{ports: [{name: 'http', containerPort: 80}]}],
      ),
    },
    {requiredKeys: []},
  ),
  status: fc.record({phase: fc.constantFrom('Running', 'Running', 'Running', 'Succeeded'), podIP: address}),
})

export const namespace: fc.Arbitrary<Namespace> = fc.tuple(namespaceName, labels, fc.boolean()).map(([name, its, isEnding]) => ({
  metadata: {name, labels: its, ...(isEnding && {deletionTimestamp: '2026-01-01T00:00:00Z'})},
}))

const peerWith = (cidrs: readonly string[], excepts: readonly string[]) =>
  fc.oneof(
    fc.record({podSelector: selector}),
    fc.record({namespaceSelector: selector}),
    fc.record({podSelector: selector, namespaceSelector: selector}),
    fc.record({
      ipBlock: fc.record({cidr: fc.constantFrom(...cidrs), except: fc.array(fc.constantFrom(...excepts), {maxLength: 2})}),
    }),
  )
const portsOf = (...choice: readonly PolicyPort[]) => fc.array(fc.constantFrom(...choice), {maxLength: 2})

const policyWith = (peer: fc.Arbitrary<PolicyPeer>, ports: fc.Arbitrary<PolicyPort[]>): fc.Arbitrary<NetworkPolicy> =>
  fc.record({
    // The first two have one chain under decimal names; of the next two the old names of sets are one.
    metadata: fc.oneof(
      fc.constant({name: 'default-deny-ingress', namespace: 'cache-staging'}),
      fc.constant({name: 'allow-cart-to-product', namespace: 'report'}),
      fc.constant({name: 'a-in-ns-b', namespace: 'c'}),
      fc.constant({name: 'a', namespace: 'b-in-ns-c'}),
      {weight: 4, arbitrary: fc.record({name: fc.constantFrom('p', 'q'), namespace: namespaceName})},
    ),
    spec: fc.record(
      {
        podSelector: target,
        policyTypes: fc.subarray(['Ingress', 'Egress']),
        ingress: fc.array(fc.record({from: fc.array(peer, {maxLength: 2}), ports}), {maxLength: 2}),
        egress: fc.array(fc.record({to: fc.array(peer, {maxLength: 2}), ports}), {maxLength: 1}),
      },
      {requiredKeys: ['podSelector']},
    ),
  })

const blocks = ['10.0.0.0/8', '10.0.0.0/30', '0.0.0.0/0', '1.2.3.4/0', '2001:db8::/32']
const excepts = ['10.0.0.2/32', '10.0.0.0/30', '10.0.0.0/8', 'fd00::/8', '128.0.0.0/1']
const ports = [{port: 80}, {port: 'http'}, {protocol: 'UDP'}, {port: 50, endPort: 80}] as const

/** A policy that an API server takes, or took once. */
export const goodPolicy = policyWith(peerWith(blocks, excepts), portsOf(...ports))

/** A policy that may be refused, for its faults too. */
export const policy = policyWith(
  peerWith([...blocks, '10.0.0.1/33'], [...excepts, 'nowhere']),
  portsOf(...ports, {port: 90, endPort: 80}, {protocol: 'ICMP'}),
)
