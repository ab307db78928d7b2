import {fc, test} from '@fast-check/vitest'
import {describe, expect, test as plainTest} from 'vitest'
import {type ClusterObjects, type NetworkPolicy, objectKey, type Pod} from '../../../core/kubernetes/objects.ts'
import type {Packet} from '../../../core/net/packet.ts'
import {Evaluator} from '../../../core/policy/evaluate.ts'
import {remediesOf} from '../../../core/trace/remedies.ts'
import {goodPolicy, pod} from '../../support/arbitrary-objects.ts'

const keyOf = ({metadata}: {readonly metadata: {readonly namespace?: string; readonly name: string}}): string =>
  `${metadata.namespace}/${metadata.name}`

const cluster: fc.Arbitrary<ClusterObjects> = fc
  .record({
    pods: fc.uniqueArray(pod, {selector: keyOf, minLength: 2, maxLength: 4}),
    policies: fc.uniqueArray(goodPolicy, {selector: keyOf, minLength: 1, maxLength: 4}),
  })
  .map(({pods, policies}) => ({
    pods: pods.map((each, index): Pod => ({...each, status: {...each.status, podIP: `10.0.0.${index + 1}`}})),
    policies,
    namespaces: ['a', 'b', 'price-west-prod', 'msobb-target'].map(name => ({metadata: {name}})),
    nodes: [],
  }))

const packet = fc.record({
  source: fc.constantFrom('10.0.0.1', '10.0.0.2', '10.9.9.9'),
  destination: fc.constantFrom('10.0.0.1', '10.0.0.2', '10.9.9.9'),
  protocol: fc.constantFrom('tcp' as const, 'udp' as const),
  port: fc.constantFrom(80, 53, 9000),
})

const withPolicy = (objects: ClusterObjects, changed: NetworkPolicy): ClusterObjects => ({
  ...objects,
  policies: objects.policies.map(each => (objectKey(each) === objectKey(changed) ? changed : each)),
})

test.prop([cluster, packet], {numRuns: 1_000})('what is told lets a dropped packet through', (objects, asked) => {
  const before = new Evaluator(objects).evaluate(asked)
  fc.pre(before.verdict === 'drop')
  let [changed, meaning] = [objects, before]
  // Both ends may deny it, and one policy may select both.
  for (let end = 0; end < 2 && meaning.verdict === 'drop'; end++) {
    const [remedy] = remediesOf(asked, meaning, changed, {})
    if (!remedy) throw new Error('nothing is told')
    changed = withPolicy(changed, remedy.policy)
    meaning = new Evaluator(changed).evaluate(asked)
  }
  expect(meaning.verdict).toBe('accept')
})

describe('the smallest change is told', () => {
  const objects: ClusterObjects = {
    pods: [
      {metadata: {name: 'press', namespace: 'mint', labels: {app: 'press'}}, status: {podIP: '10.0.0.1'}},
      {
        metadata: {name: 'guard', namespace: 'gate', labels: {app: 'guard', 'pod-template-hash': 'x1'}},
        status: {podIP: '10.0.0.2'},
      },
    ],
    namespaces: [{metadata: {name: 'mint'}}, {metadata: {name: 'gate'}}],
    nodes: [],
    policies: [],
  }
  const press = (ingress: NonNullable<NetworkPolicy['spec']['ingress']>): NetworkPolicy => ({
    metadata: {name: 'press', namespace: 'mint'},
    spec: {podSelector: {matchLabels: {app: 'press'}}, policyTypes: ['Ingress'], ingress},
  })
  const anyone = {namespaceSelector: {}}
  const told = (policy: NetworkPolicy, asked: Partial<Packet> = {}): string[] => {
    const all = {...objects, policies: [policy]}
    const sent: Packet = {source: '10.0.0.2', destination: '10.0.0.1', protocol: 'tcp', port: 80, ...asked}
    return remediesOf(sent, new Evaluator(all).evaluate(sent), all, {}).map(({text}) => text)
  }

  plainTest.each([
    {
      when: 'a rule allows the sender at another port',
      policy: press([{from: [anyone], ports: [{port: 81}]}]),
      says: 'add tcp/80 to the ports of ingress rule 1 of policy mint/press',
    },
    {
      when: 'a rule allows others at the port',
      policy: press([{from: [{podSelector: {}}], ports: [{port: 80}]}]),
      says: 'add pods app=guard in namespace gate to the peers of ingress rule 1 of policy mint/press',
    },
    {
      when: 'no rule has either',
      policy: press([]),
      says: 'add a rule to ingress of policy mint/press: from pods app=guard in namespace gate, port tcp/80',
    },
  ])('when $when', ({policy, says}) => {
    expect(told(policy)).toEqual([says])
  })

  plainTest('of an address that is no pod, and of a protocol without ports', () => {
    expect(told(press([]), {source: '10.9.9.9'})).toEqual([
      'add a rule to ingress of policy mint/press: from ipBlock 10.9.9.9/32, port tcp/80',
    ])
    const icmp = {source: '10.0.0.2', destination: '10.0.0.1', protocol: 'icmp'} as const
    const all = {...objects, policies: [press([])]}
    expect(remediesOf(icmp, new Evaluator(all).evaluate(icmp), all, {}).map(({text}) => text)).toEqual([
      'add a rule to ingress of policy mint/press: from pods app=guard in namespace gate',
    ])
  })

  plainTest('none is told of what the policies allow', () => {
    expect(told(press([{}]))).toEqual([])
  })
})
