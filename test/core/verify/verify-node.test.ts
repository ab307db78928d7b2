import {describe, expect, test} from 'vitest'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import {verifyNode} from '../../../core/verify/verify-node.ts'
import {shop, shopLines, shopNodes} from '../../support/shop-nodes.ts'

const nat = ['*nat', ':PREROUTING ACCEPT [0:0]', 'COMMIT']
const rules = [...nat, ...shopLines.rules]

async function shopNode(lines: Partial<typeof shopLines> = {}, name = 'n2'): Promise<NodeState> {
  const [node] = await shopNodes({[name]: {...shopLines, rules, ...lines}})
  return node as NodeState
}
const before = (line: string): string[] => rules.flatMap(rule => (rule.startsWith('-A FORWARD') ? [line, rule] : [rule]))

describe('verify', () => {
  test.each(['policies', 'program'] as const)('proves a node that does what the %s say', async against => {
    const found = verifyNode(await shopNode(), {against}, [])
    expect(found).toMatchObject({result: 'proven', counterexamples: [], undecided: [], incomplete: []})
    expect(found.domain).toMatchObject({ofNode: true, pods: 3})
  })

  test('tells a rule of another program that accepts before Azure NPM, with a packet that a walk confirms', async () => {
    const node = await shopNode({rules: before('-A FORWARD -s 10.0.1.9/32 -j ACCEPT')})
    const {result, counterexamples} = verifyNode(node, {against: 'policies'}, [])
    expect(result).toBe('counterexamples')
    expect(counterexamples.map(({effect, senders, receivers}) => ({effect, senders, receivers}))).toEqual([
      {effect: 'open', senders: ['ops/job'], receivers: ['shop/db']},
    ])
    const [{packet, cause} = {packet: undefined, cause: ''}] = counterexamples
    expect(cause).toContain('rule 1 of FORWARD')
    expect(packet?.source.pod).toBe('ops/job')
    const walked = {
      source: packet?.source.address ?? '',
      destination: packet?.destination.address ?? '',
      protocol: 'tcp',
      port: 0,
    } as const
    expect(node.walk(walked).verdict).toBe('accept')
  })

  test('does not call a node proven of which a part of the packets is not known', async () => {
    const node = await shopNode({rules: before('-A FORWARD -d 10.0.2.1/32 -p udp -j STRANGE')})
    const {result, counterexamples, undecided} = verifyNode(node, {against: 'policies'}, [])
    expect([result, counterexamples]).toEqual(['unknown', []])
    expect(undecided.map(({services}) => services)).toEqual([['udp']])
  })

  test('does not call a node proven whose rules name addresses by a mask that is no prefix', async () => {
    const node = await shopNode({rules: before('-A FORWARD -s 10.0.0.1/255.0.0.255 -j LOG')})
    const {result, incomplete} = verifyNode(node, {against: 'policies'}, [])
    expect([result, incomplete.map(({part}) => part)]).toEqual(['unknown', ['rules with 10.0.0.1/255.0.0.255']])
  })

  test('compares all pods where nothing tells which are on the node', async () => {
    const {result, domain} = verifyNode(await shopNode({}, 'elsewhere'), {against: 'policies'}, [])
    expect([result, domain.ofNode]).toEqual(['proven', false])
  })

  test('needs rules and pods', async () => {
    const [bare] = await shopNodes({n2: {sets: shopLines.sets}})
    expect(() => verifyNode(bare as NodeState, {against: 'policies'}, [])).toThrow(/no rules of node n2/)
    const [alone] = await shopNodes({n2: {...shopLines, rules}}, {...shop, pods: []})
    expect(() => verifyNode(alone as NodeState, {against: 'policies'}, [])).toThrow(/no pods are known/)
  })
})
