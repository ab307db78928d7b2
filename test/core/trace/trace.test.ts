import {describe, expect, test} from 'vitest'
import {traceSchema} from '../../../core/contract/trace.ts'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {Evaluator} from '../../../core/policy/evaluate.ts'
import {resolveEndpoint} from '../../../core/trace/endpoints.ts'
import {packetOf, type TraceQuestion, traceNodes, tracePolicies} from '../../../core/trace/trace.ts'
import {linesOf} from '../../support/node-of.ts'
import {shop, shopLines, shopNodes} from '../../support/shop-nodes.ts'

const evaluator = new Evaluator(shop)
const question = (from: string, to: string, port: number | undefined = 5432): TraceQuestion => {
  const known = {pods: shop.pods, sets: undefined}
  return {source: resolveEndpoint(from, known), destination: resolveEndpoint(to, known), protocol: 'tcp', port}
}
const traced = (asked: TraceQuestion, nodes: readonly NodeState[]) => {
  const {
    ends: _,
    meaning: __,
    ...trace
  } = traceNodes(asked, {nodes, isKnown: true, nodeOf: () => undefined}, packet => evaluator.evaluate(packet))
  const document = {...trace, disagreements: []}
  expect(traceSchema.parse(document)).toEqual(document)
  return trace
}
/** Rules of a node that has these in front of FORWARD's own, or another policy there. */
const withForward = (...rules: string[]): string[] =>
  shopLines.rules.flatMap(line => (line.startsWith('-A FORWARD') ? [...rules, line] : [line]))

describe('over the sender’s and the receiver’s node', () => {
  test('a packet that both accept is accepted, by the last rule of the last node', async () => {
    const trace = traced(question('shop/web', 'shop/db'), await shopNodes())
    expect(trace).toMatchObject({
      verdict: 'accept',
      because: 'rule 1 of AZURE-NPM-ACCEPT on node n2 accepts it; allowed by policies shop/db-from-web and shop/web-to-db',
      walked: true,
      ingress: {verdict: 'accept', policy: 'shop/db-from-web'},
      egress: {verdict: 'accept', policy: 'shop/web-to-db'},
      expected: {verdict: 'accept'},
    })
    expect([...new Set(trace.trail.map(({node}) => node))]).toEqual(['n1', 'n2'])
  })

  test('a packet that the first drops never comes to the second', async () => {
    const trace = traced(question('ops/job', 'shop/db'), await shopNodes())
    expect(trace).toMatchObject({
      verdict: 'drop',
      because:
        'rule 2 of AZURE-NPM-INGRESS on node n1 drops it; policy shop/db-from-web selects the pod and no policy allows the packet',
      ingress: {verdict: 'drop', policy: 'shop/db-from-web'},
      egress: {verdict: 'not-judged'},
    })
    expect(trace.trail.every(({node}) => node === 'n1')).toBe(true)
  })

  test('each has a say in each direction: what only the second knows counts', async () => {
    const [first, second] = await shopNodes({
      n1: {rules: ['*filter', ':FORWARD ACCEPT [0:0]', 'COMMIT'], sets: []},
      n2: shopLines,
    })
    if (!first || !second) throw new Error('no nodes')
    expect(traced(question('shop/web', 'shop/db'), [first])).toMatchObject({verdict: 'accept', egress: {verdict: 'not-judged'}})
    expect(traced(question('shop/web', 'shop/db'), [first, second])).toMatchObject({
      ingress: {verdict: 'accept'},
      egress: {verdict: 'accept', policy: 'shop/web-to-db'},
    })
  })

  test("the receiver's has the last word on ingress, the sender's the first on egress", async () => {
    const policies = shop.policies.map(({metadata, spec}) => ({metadata: {...metadata, name: `new-${metadata.name}`}, spec}))
    const renamed = linesOf(compile({...shop, policies}, {scheme: 'sha256', semantics: 'npm'}))
    expect(traced(question('shop/web', 'shop/db'), await shopNodes({n1: shopLines, n2: renamed}))).toMatchObject({
      ingress: {verdict: 'accept', policy: 'shop/new-db-from-web'},
      egress: {verdict: 'accept', policy: 'shop/web-to-db'},
    })
  })

  test('a pod that no policy selects is judged by none', async () => {
    const trace = traced(question('10.7.7.7', 'ops/job', 80), await shopNodes())
    expect(trace).toMatchObject({verdict: 'accept', ingress: {verdict: 'not-judged'}, egress: {verdict: 'not-judged'}})
  })
})

describe('each step', () => {
  test('says where its rule stands, in words, and whose it is', async () => {
    const {trail} = traced(question('shop/web', 'shop/db'), await shopNodes({n1: shopLines}))
    const line = shopLines.rules.findIndex(rule => rule.includes('ALLOW-FROM-podlabel-app:web')) + 1
    expect(trail[3]).toEqual({
      node: 'n1',
      where: {table: 'filter', chain: shopLines.rules[line - 1]?.split(' ')[1], position: 1, line},
      depth: 3,
      text: 'allow tcp/sql from pods app=web in namespace shop',
      policy: 'shop/db-from-web',
    })
  })

  test('of a chain’s policy has position 0 and no line', async () => {
    const rules = ['*filter', ':FORWARD DROP [0:0]', 'COMMIT']
    const {trail, because, verdict} = traced(question('shop/web', 'shop/db'), await shopNodes({n1: {rules, sets: []}}))
    expect(trail.at(-1)).toEqual({
      node: 'n1',
      where: {table: 'filter', chain: 'FORWARD', position: 0},
      depth: 0,
      text: 'the policy of the chain',
      decides: true,
    })
    expect([verdict, because]).toEqual(['drop', 'the policy of FORWARD on node n1 drops it'])
  })
})

describe('the destination that a service has', () => {
  const nat = [
    '*nat',
    ':PREROUTING ACCEPT [0:0]',
    '-A PREROUTING -d 10.0.100.1/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.2.1:5432',
    'COMMIT',
  ]

  test('is what the next node and the policies see', async () => {
    const nodes = await shopNodes({n1: {...shopLines, rules: [...nat, ...shopLines.rules]}, n2: shopLines})
    expect(traced(question('shop/web', '10.0.100.1', 80), nodes)).toMatchObject({
      verdict: 'accept',
      translated: {destination: '10.0.2.1', port: 5432},
      expected: {verdict: 'accept'},
      packet: {destination: {address: '10.0.100.1'}, port: 80},
    })
    expect(traced(question('ops/job', '10.0.100.1', 80), nodes)).toMatchObject({verdict: 'drop', expected: {verdict: 'drop'}})
  })
})

describe('traffic of the node itself, which Azure NPM does not judge', () => {
  test.each([
    {from: 'shop/web', to: '10.9.0.1', hook: 'INPUT', who: 'the receiver'},
    {from: '10.9.0.1', to: 'shop/web', hook: 'OUTPUT', who: 'the sender'},
  ])('$hook is walked', async ({from, to, hook, who}) => {
    const because = `${who} is node n1 itself: such packets go through ${hook}, where Azure NPM judges none, and no rule there drops it`
    expect(traced(question(from, to), await shopNodes({n1: shopLines}))).toMatchObject({verdict: 'accept', because, trail: []})
    const rules = [...shopLines.rules.slice(0, 2), `:${hook} DROP [0:0]`, ...shopLines.rules.slice(2)]
    expect(traced(question(from, to), await shopNodes({n1: {...shopLines, rules}}))).toMatchObject({
      verdict: 'drop',
      because: `the policy of ${hook} on node n1 drops it`,
    })
  })

  test('where the dump does not say whose address it is, it is unknown only if that decides', async () => {
    const [node] = await shopNodes({n1: shopLines})
    if (!node) throw new Error('no node')
    const unnamed = node.with({node: 'unknown'})
    expect(traced(question('ops/job', '10.9.0.2'), [unnamed]).verdict).toBe('accept')
    expect(traced(question('10.9.0.2', 'shop/db'), [unnamed])).toMatchObject({
      verdict: 'unknown',
      because: 'it depends on whether 10.9.0.2 is an address of this node, which the input does not tell',
    })
  })
})

describe('nothing is known', () => {
  test('behind a rule that is not understood; the trail ends there', async () => {
    const {verdict, because, trail} = traced(
      question('shop/web', 'shop/db'),
      await shopNodes({n1: {...shopLines, rules: withForward('-A FORWARD -m connlabel --label 4 -j DROP')}, n2: shopLines}),
    )
    expect(verdict).toBe('unknown')
    expect(because).toContain('connlabel')
    expect(trail).toMatchObject([{node: 'n1', where: {chain: 'FORWARD', position: 1}}])
  })

  test('of a node whose rules are not given', async () => {
    const nodes = await shopNodes({n1: {sets: shopLines.sets}})
    expect(traced(question('shop/web', 'shop/db'), nodes)).toMatchObject({
      verdict: 'unknown',
      because: 'no rules of node n1 were given',
      walked: false,
      expected: {verdict: 'accept'},
      incomplete: [{part: 'rules', state: 'absent'}],
    })
  })
})

describe('policies alone', () => {
  const meant = (from: string, to: string, port?: number) => {
    const asked = question(from, to, port)
    const document = {...tracePolicies(asked, evaluator.evaluate(packetOf(asked))), disagreements: [], problems: []}
    expect(traceSchema.parse(document)).toEqual(document)
    return document
  }

  test.each([
    {
      say: 'who allows',
      from: 'shop/web',
      port: 5432,
      verdict: 'accept',
      ingress: {verdict: 'accept', policy: 'shop/db-from-web'},
      egress: {verdict: 'accept', policy: 'shop/web-to-db'},
    },
    {
      say: 'who does not allow',
      from: 'shop/web',
      port: 80,
      verdict: 'drop',
      ingress: {verdict: 'drop', policy: 'shop/db-from-web'},
      egress: {verdict: 'accept', policy: 'shop/web-to-db'},
    },
    {
      say: 'that a pod is not selected',
      from: 'ops/job',
      port: 5432,
      verdict: 'drop',
      ingress: {verdict: 'drop', policy: 'shop/db-from-web'},
      egress: {verdict: 'not-judged'},
    },
  ])('say $say', ({from, port, verdict, ingress, egress}) => {
    expect(meant(from, 'shop/db', port)).toMatchObject({verdict, ingress, egress, walked: false, trail: [], expected: {verdict}})
  })
})

test('a packet carries the mark and the port that were asked for, or none', () => {
  expect(packetOf({...question('shop/web', 'shop/db'), mark: 0x4000})).toEqual({
    source: '10.0.1.1',
    destination: '10.0.2.1',
    protocol: 'tcp',
    port: 5432,
    mark: 0x4000,
  })
  expect(packetOf({...question('shop/web', 'shop/db'), protocol: 'icmp', port: undefined})).toEqual({
    source: '10.0.1.1',
    destination: '10.0.2.1',
    protocol: 'icmp',
  })
})
