import {expect, test} from 'vitest'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import {diffNode} from '../../../core/drift/diff-node.ts'
import type {ClusterObjects} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {probeNodes} from '../../../core/matrix/probe-nodes.ts'
import {routeOf} from '../../../core/trace/nodes.ts'
import {tracePacket} from '../../../core/trace/trace-packet.ts'
import {verifyNode} from '../../../core/verify/verify-node.ts'
import {linesOf} from '../../support/node-of.ts'
import {shop, shopNodes} from '../../support/shop-nodes.ts'

/** ops/old, which no policy selects, is left with the address of shop/db, of which a policy lets shop/web in only. */
const old = (nodeName: string) => ({
  metadata: {namespace: 'ops', name: 'old', labels: {app: 'old'}},
  spec: {nodeName},
  status: {phase: 'Running', podIP: '10.0.2.1'},
})
const withOld = (nodeName: string): ClusterObjects => ({
  ...shop,
  // As an API server has them.
  namespaces: shop.namespaces.map(({metadata: {name}}) => ({metadata: {name, labels: {'kubernetes.io/metadata.name': name}}})),
  pods: [...shop.pods, old(nodeName)],
})

async function nodesOf(cluster: ClusterObjects): Promise<NodeState[]> {
  const {rules, sets} = linesOf(compile(cluster, {scheme: 'sha256', semantics: 'npm'}))
  const lines = {sets, rules: ['*nat', ':PREROUTING ACCEPT [0:0]', 'COMMIT', ...rules]}
  return shopNodes({n1: lines, n2: lines}, cluster)
}

test('no verb calls a node clean on which the rules for one pod hold for another one with its address', async () => {
  const [, node] = await nodesOf(withOld('n2'))
  if (!node) throw new Error('no node')
  const {result, counterexamples} = verifyNode(node, {against: 'policies'}, [])
  expect([result, counterexamples.map(({effect, receivers}) => [effect, receivers])]).toEqual([
    'counterexamples',
    [
      ['open', ['ops/old']],
      ['closed', ['ops/old']],
    ],
  ])
  const {clean, causes, departures} = diffNode(node, {isLite: false}, [])
  expect([clean, causes]).toEqual([false, []])
  expect(departures).toMatchObject([
    {code: 'SHARED_ADDRESS', text: expect.stringContaining('ops/old, shop/db have one address, 10.0.2.1')},
  ])
  const [opened, closed] = [departures[0]?.opens[0], departures[0]?.closes[0]]
  expect([opened?.destination, closed?.destination]).toEqual(['ops/old', 'ops/old'])
})

test('a matrix knows no more than a trace of what one of them sends to the other', async () => {
  const nodes = await nodesOf(withOld('n2'))
  const ask = {source: 'ops/old', destination: 'shop/db', protocol: 'tcp', port: '5432'} as const
  const found = [...probeNodes(nodes, {ports: [{protocol: 'tcp', port: 5432}]}, []).document.probes]
  const of = (source: string) => found.find(each => each.source === source && each.destination === 'shop/db')?.verdict
  const all = [tracePacket(nodes, ask, []).verdict, of('ops/old'), of('shop/web'), of('ops/job')]
  expect(all).toEqual(['unknown', 'unknown', 'accept', 'drop'])
})

test('an address of pods on two nodes is of neither, in whatever order they are', async () => {
  const cluster = withOld('n1')
  for (const pods of [cluster.pods, cluster.pods.toReversed()]) {
    const nodes = await nodesOf({...cluster, pods})
    const route = routeOf(nodes, {address: '10.0.1.1'}, {address: '10.0.2.1'})
    expect([route.nodeOf('10.0.2.1'), route.nodeOf('10.0.1.1')?.node]).toEqual([undefined, 'n1'])
  }
})
