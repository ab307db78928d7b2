import {describe, expect, test} from 'vitest'
import type {ClusterObjects, NetworkPolicy, Pod} from '../../../core/kubernetes/objects.ts'
import type {Packet} from '../../../core/net/packet.ts'
import {Evaluator} from '../../../core/policy/evaluate.ts'

const pod = (name: string, podIP: string, more: Partial<Pod> = {}): Pod => {
  const [namespace = '', own = ''] = name.split('/')
  return {metadata: {name: own, namespace, labels: {app: own}}, spec: {nodeName: 'n1'}, status: {podIP}, ...more}
}
const closed: NetworkPolicy = {
  metadata: {name: 'closed', namespace: 'mint'},
  spec: {podSelector: {matchLabels: {app: 'press'}}, policyTypes: ['Ingress', 'Egress']},
}
const press = pod('mint/press', '10.1.0.1')
const guard = pod('gate/guard', '10.1.0.2')
const objects = (more: Partial<ClusterObjects> = {}): ClusterObjects => ({
  pods: [press, guard],
  namespaces: ['mint', 'gate'].map(name => ({metadata: {name}})),
  policies: [closed],
  nodes: [
    {metadata: {name: 'n1'}, spec: {podCIDR: '10.1.0.0/24'}, status: {addresses: [{type: 'InternalIP', address: '10.9.0.1'}]}},
    {metadata: {name: 'n2'}, status: {addresses: [{type: 'InternalIP', address: '10.9.0.2'}]}},
  ],
  ...more,
})
const packet = (source: string, destination: string): Packet => ({source, destination, protocol: 'tcp', port: 80})

describe('what no policy can deny', () => {
  const evaluator = new Evaluator(objects())

  test('a pod reaches itself, and another does not', () => {
    expect(evaluator.evaluate(packet('10.1.0.1', '10.1.0.1'))).toMatchObject({verdict: 'accept', exempt: 'same-pod'})
    expect(evaluator.evaluate(packet('10.1.0.2', '10.1.0.1')).verdict).toBe('drop')
  })

  test.each([
    {whose: 'its own node, to it', source: '10.9.0.1', destination: '10.1.0.1', verdict: 'accept'},
    {whose: 'its own node, from it', source: '10.1.0.1', destination: '10.9.0.1', verdict: 'accept'},
    // 10.1.0.1 itself is a pod here: the address of the bridge is nobody's.
    {whose: 'another node, to it', source: '10.9.0.2', destination: '10.1.0.1', verdict: 'drop'},
    {whose: 'another node, from it', source: '10.1.0.1', destination: '10.9.0.2', verdict: 'drop'},
  ])('$whose: $verdict', ({source, destination, verdict}) => {
    const judged = evaluator.evaluate(packet(source, destination))
    expect(judged.verdict).toBe(verdict)
    expect(judged.exempt).toBe(verdict === 'accept' ? 'own-node' : undefined)
  })

  test('the bridge of its node reaches a pod where nodes have ranges of their own', () => {
    const moved = objects({pods: [pod('mint/press', '10.1.0.7')]})
    expect(new Evaluator(moved).evaluate(packet('10.1.0.1', '10.1.0.7')).verdict).toBe('accept')
    expect(new Evaluator(moved).evaluate(packet('10.1.0.2', '10.1.0.7')).verdict).toBe('drop')
  })

  test('a pod that says the address of its node needs no Node', () => {
    const told = pod('mint/press', '10.1.0.1', {status: {podIP: '10.1.0.1', hostIP: '10.9.0.8'}})
    const evaluated = new Evaluator(
      objects({pods: [told, guard], nodes: [], given: {kinds: ['pods', 'namespaces', 'policies'], gaps: []}}),
    )
    expect(evaluated.evaluate(packet('10.9.0.8', '10.1.0.1')).verdict).toBe('accept')
    expect(evaluated.evaluate(packet('10.9.0.9', '10.1.0.1')).verdict).toBe('drop')
  })
})

describe('pods that share an address', () => {
  const ghost = pod('gate/ghost', '10.1.0.1')

  test.each([{pods: [press, ghost, guard]}, {pods: [ghost, guard, press]}])('are judged each by its own policies', ({pods}) => {
    const evaluator = new Evaluator(objects({pods}))
    const asked = packet('10.1.0.2', '10.1.0.1')
    expect(evaluator.evaluate(asked, {destination: press}).verdict).toBe('drop')
    expect(evaluator.evaluate(asked, {destination: ghost}).verdict).toBe('accept')
    expect(evaluator.evaluate(asked)).toMatchObject({
      verdict: 'unknown',
      reason: expect.stringContaining('have one address, and the policies mean something else for each') as string,
    })
  })

  test('an address is judged when the policies mean the same for all of them', () => {
    const twin = pod('mint/press', '10.1.0.1')
    expect(new Evaluator(objects({pods: [press, twin, guard]})).evaluate(packet('10.1.0.2', '10.1.0.1')).verdict).toBe('drop')
  })

  test('a pod that is meant counts only at its own address', () => {
    const evaluator = new Evaluator(objects())
    expect(evaluator.evaluate(packet('10.1.0.2', '10.1.0.1'), {destination: guard}).verdict).toBe('drop')
  })
})

describe('addresses', () => {
  test('what is no IPv4 address is in no block, however wide', () => {
    const wide: NetworkPolicy = {
      ...closed,
      spec: {...closed.spec, policyTypes: ['Ingress'], ingress: [{from: [{ipBlock: {cidr: '0.0.0.0/0'}}]}]},
    }
    const evaluator = new Evaluator(objects({policies: [wide]}))
    expect(evaluator.evaluate(packet('10.1.0.2', '10.1.0.1')).verdict).toBe('accept')
    expect(evaluator.evaluate(packet('fd00::2', '10.1.0.1')).verdict).toBe('drop')
  })

  test('a pod whose first address is IPv6 is judged at its IPv4 one', () => {
    const dual = pod('mint/press', '', {status: {podIP: 'fd00::1', podIPs: [{ip: 'fd00::1'}, {ip: '10.1.0.1'}]}})
    expect(new Evaluator(objects({pods: [dual, guard]})).evaluate(packet('10.1.0.2', '10.1.0.1')).verdict).toBe('drop')
  })

  test.each([
    {why: 'of the host network', more: {spec: {nodeName: 'n1', hostNetwork: true}}},
    {why: 'that has finished', more: {status: {podIP: '10.1.0.1', phase: 'Succeeded'}}},
  ])('no policy is asked for a pod $why', ({more}) => {
    const evaluator = new Evaluator(objects({pods: [pod('mint/press', '10.1.0.1', more), guard]}))
    expect(evaluator.evaluate(packet('10.1.0.2', '10.1.0.1')).verdict).toBe('accept')
  })
})

test('a named port is that of any container or sidecar, with its protocol, and of no other init container', () => {
  const ports = (protocol: string, containerPort: number) => [{name: 'metrics', protocol, containerPort}]
  const many = pod('mint/press', '10.1.0.1', {
    spec: {
      containers: [{ports: ports('TCP', 81)}, {ports: [...ports('UDP', 82), ...ports('TCP', 83)]}],
      initContainers: [{restartPolicy: 'Always', ports: ports('TCP', 84)}, {ports: ports('TCP', 85)}],
    },
  })
  const scrape: NetworkPolicy = {...closed, spec: {podSelector: {}, ingress: [{ports: [{port: 'metrics'}]}]}}
  const evaluator = new Evaluator(objects({pods: [many, guard], policies: [scrape]}))
  const open = [81, 82, 83, 84, 85].filter(
    port => evaluator.evaluate({...packet('10.1.0.2', '10.1.0.1'), port}).verdict === 'accept',
  )
  expect(open).toEqual([81, 83, 84])
})
