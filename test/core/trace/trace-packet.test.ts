import {describe, expect, test} from 'vitest'
import type {Problem} from '../../../core/problem/problem.ts'
import {type DescribedPacket, nodesOfEndpoints, tracePacket} from '../../../core/trace/trace-packet.ts'
import {dumpOf, fixtureText} from '../../support/read-capture.ts'
import {shop, shopLines, shopNodes} from '../../support/shop-nodes.ts'

const rules = fixtureText('captures/v2-base36-nft/iptables-save.txt')
const sets = fixtureText('captures/v2-base36-nft/ipset-save.txt')
const objects = fixtureText('captures/v2-base36-nft/cluster.yaml')

const packet: DescribedPacket = {source: 'storefront/till-0', destination: 'bakery/oven-0', protocol: 'tcp', port: '8080'}
const problem: Problem = {code: 'UNKNOWN_FILE', message: 'what is this', next: 'Look at it.'}

describe('tracing a packet', () => {
  test('walks the rules, and says what the policies mean when they are known', async () => {
    const trace = tracePacket([await dumpOf(rules, sets, objects)], packet, [])
    expect(trace).toMatchObject({verdict: 'accept', walked: true, expected: {verdict: 'accept'}, disagreements: []})
    expect(trace.packet).toMatchObject({source: {name: 'storefront/till-0', address: '10.60.0.20'}, port: 8080})
    expect(trace.trail.length).toBeGreaterThan(0)
  })

  test('finds a port by the name that the receiver declares', async () => {
    const trace = tracePacket([await dumpOf(rules, sets, objects)], {...packet, source: 'external', port: 'ui'}, [])
    expect(trace.packet.port).toBe(8080)
  })

  test('evaluates the policies when no rules are known', async () => {
    const trace = tracePacket([await dumpOf(objects)], packet, [])
    expect(trace).toMatchObject({verdict: 'accept', walked: false, trail: []})
  })

  test('walks addresses over rules alone, and expects nothing', async () => {
    const trace = tracePacket([await dumpOf(rules)], {...packet, source: '10.60.0.20', destination: '10.60.0.10'}, [])
    expect(trace.walked).toBe(true)
    expect(trace).not.toHaveProperty('expected')
  })

  test('has no port for icmp, whatever was given', async () => {
    const trace = tracePacket([await dumpOf(rules, sets, objects)], {...packet, protocol: 'icmp', port: 'ui'}, [])
    expect(trace.packet).toMatchObject({protocol: 'icmp', port: null})
  })

  test('carries a mark', async () => {
    const trace = tracePacket([await dumpOf(rules, sets, objects)], {...packet, mark: 0x4000}, [])
    expect(trace.packet.mark).toBe(0x4000)
  })

  test('puts the problems of the input before its own', async () => {
    const trace = tracePacket([await dumpOf(rules, objects)], packet, [problem])
    expect(trace.problems[0]).toEqual(problem)
    expect(trace.problems.length).toBeGreaterThan(1)
  })

  test.each<{name: string; texts: string[]; change: Partial<DescribedPacket>; error: RegExp}>([
    {name: 'a port', texts: [rules, objects], change: {port: undefined}, error: /--port is missing/},
    {name: 'a pod that is there', texts: [rules, objects], change: {source: 'bakery/nobody'}, error: /is not in the input/},
    {
      name: 'rules or policies',
      texts: [sets],
      change: {source: '10.60.0.20', destination: '10.60.0.10'},
      error: /nothing to trace over/,
    },
  ])('needs $name', async ({texts, change, error}) => {
    const dump = await dumpOf(...texts)
    expect(() => tracePacket([dump], {...packet, ...change}, [])).toThrow(error)
  })
})

test.each([
  {
    given: ['n1'],
    destination: 'shop/db',
    port: '5432',
    told: ['shop/db runs on n2, which was not given: it judges the packet, too, and may drop it'],
  },
  // What one node drops no other lets through.
  {given: ['n1'], destination: 'shop/db', port: '80', told: []},
  {given: ['n1', 'n2'], destination: 'shop/db', port: '5432', told: []},
  {given: ['n1'], destination: 'external', port: '80', told: []},
])(
  'a packet to $destination port $port over $given is unknown for the node that was not given: $told',
  async ({given, told, ...end}) => {
    const nodes = await shopNodes(Object.fromEntries(given.map(node => [node, shopLines])), shop)
    const {verdict, incomplete} = tracePacket(nodes, {source: 'shop/web', protocol: 'tcp', ...end}, [])
    expect(incomplete.map(({reason}) => reason)).toEqual(told)
    expect(verdict === 'unknown').toBe(told.length > 0)
  },
)

test('what a node sends itself is judged by the node of the receiver alone, given or not', async () => {
  const nodes = await shopNodes()
  const ask = {source: 'node/n1', destination: 'shop/db', protocol: 'tcp', port: '5432'} as const
  expect(tracePacket(nodes, ask, []).verdict).toBe('drop')
  const alone = tracePacket(nodes.slice(0, 1), ask, [])
  expect([alone.verdict, alone.because, alone.disagreements]).toEqual([
    'unknown',
    'only the node of shop/db enforces the policies for it, and that node was not given',
    [],
  ])
  // No policy selects the receiver.
  expect(tracePacket(nodes.slice(1), {...ask, source: 'node/n2', destination: 'ops/job'}, []).verdict).toBe('accept')
})

test('nodes of ends are those of the pods, each once, and none of an address outside', async () => {
  const {cluster} = await dumpOf(objects)
  if (!cluster) throw new Error('no objects')
  const [pod] = cluster.pods.filter(({metadata: {name, namespace}}) => namespace === 'bakery' && name === 'oven-0')
  const node = pod?.spec?.nodeName
  expect(node).toBeDefined()
  expect(nodesOfEndpoints(cluster, ['bakery/oven-0', 'bakery/oven-0', 'external'])).toEqual([node])
  expect(nodesOfEndpoints(cluster, ['external', '203.0.113.9'])).toEqual([])
})
