import {describe, expect, test} from 'vitest'
import {emptyCluster} from '../../../core/kubernetes/objects.ts'
import {networkProblems} from '../../../core/trace/network-model.ts'

const overlay = {'kubernetes.azure.com/podnetwork-type': 'overlay'}
const nodes = (labels: Record<string, string>) => [
  {metadata: {name: 'aks-1', labels}, status: {addresses: [{type: 'InternalIP', address: '10.0.0.4'}]}},
]
const pod = {name: 'shop/web', address: '10.244.0.7', pod: {metadata: {name: 'web', namespace: 'shop'}}}
const outside = {name: 'external', address: '203.0.113.254'}
const node = {name: '10.0.0.4', address: '10.0.0.4'}

describe('in an overlay', () => {
  const cluster = {...emptyCluster(), nodes: nodes(overlay)}

  test('a packet from outside to a pod is said to come by another way', () => {
    const [problem] = networkProblems(cluster, {source: outside, destination: pod})
    expect(problem).toMatchObject({code: 'NETWORK_MODEL', message: expect.stringContaining('external cannot send to shop/web')})
  })

  test.each([
    ['from a pod to outside', pod, outside],
    ['between pods', pod, pod],
    ['from a node', node, pod],
  ])('a packet %s is as elsewhere', (_name, source, destination) => {
    expect(networkProblems(cluster, {source, destination})).toEqual([])
  })
})

test('with ranges of nodes, as kubenet has them, it depends on routes', () => {
  const [first] = nodes({agentpool: 'a'})
  const cluster = {...emptyCluster(), nodes: first ? [{...first, spec: {podCIDR: '10.244.0.0/24'}}] : []}
  const [problem] = networkProblems(cluster, {source: outside, destination: pod})
  expect(problem).toMatchObject({
    code: 'NETWORK_MODEL',
    message: expect.stringMatching(/as with kubenet: where no route leads there/),
  })
  expect(networkProblems(cluster, {source: node, destination: pod})).toEqual([])
})

test('where pods have addresses that others can reach, nothing is to be said', () => {
  for (const cluster of [undefined, emptyCluster(), {...emptyCluster(), nodes: nodes({agentpool: 'a'})}])
    expect(networkProblems(cluster, {source: outside, destination: pod})).toEqual([])
})
