import {describe, expect, test} from 'vitest'
import {verifyNode} from '../../../core/verify/verify-node.ts'
import {shopLines, shopNodes} from '../../support/shop-nodes.ts'

const WIRE = '-A FORWARD -d 168.63.129.16/32 -p tcp -m tcp --dport 80 -j DROP'
const AS_AKS_WRITES_IT =
  '-A FORWARD -d 169.254.169.254/32 -p tcp -m tcp --dport 80 -m comment --comment "AKS managed: added by AgentBaker ensureIMDSRestriction for IMDS restriction feature" -j DROP'

/** @param table in which the rule stands before all others */
async function verified(rule: string, table: 'mangle' | 'filter' = 'mangle') {
  const {rules, sets} = shopLines
  const at = rules.findIndex(line => line.startsWith('-A '))
  const saved = table === 'mangle' ? ['*mangle', ':FORWARD ACCEPT [0:0]', rule, 'COMMIT', ...rules] : rules.toSpliced(at, 0, rule)
  const [node] = await shopNodes({n1: {rules: saved, sets}})
  if (!node) throw new Error('no node was read')
  const {counterexamples, notes} = verifyNode(node, {against: 'policies'}, [])
  const platform = counterexamples.filter(({packet}) => ['168.63.129.16', '169.254.169.254'].includes(packet.destination.address))
  return {platform: platform.map(({effect}) => effect), notes}
}

describe('rules by which the platform keeps pods from its own services', () => {
  test.each([
    {rule: WIRE, table: 'mangle'},
    {rule: WIRE, table: 'filter'},
    {rule: WIRE.replace('DROP', 'REJECT --reject-with icmp-port-unreachable'), table: 'filter'},
    {rule: AS_AKS_WRITES_IT, table: 'filter'},
  ] as const)('count for right: $rule in $table', async ({rule, table}) => {
    const {platform, notes} = await verified(rule, table)
    expect(platform).toEqual([])
    expect(notes).toContainEqual(
      expect.stringMatching(/^the platform keeps all pods from 16[89]\.[\d.]+ tcp\/80 by a rule of its own/),
    )
  })

  test.each([
    {name: 'more ports', rule: WIRE.replace('--dport 80', '--dport 80:90')},
    {name: 'every protocol', rule: '-A FORWARD -d 168.63.129.16/32 -j DROP'},
    {name: 'another port', rule: WIRE.replace('--dport 80', '--dport 81')},
  ])('do not excuse a rule of $name', async ({rule}) => {
    const {platform, notes} = await verified(rule)
    expect(platform).toContain('closed')
    expect(notes.filter(note => note.startsWith('the platform'))).toEqual([])
  })

  test('are told of no node that has none', async () => {
    expect((await verified('-A FORWARD -s 168.63.129.16/32 -p tcp -m tcp --dport 80 -j ACCEPT')).notes).toEqual([])
  })
})
