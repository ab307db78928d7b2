import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import {hasPolicyAddress} from '../../../core/kubernetes/pod-filter.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import type {Packet} from '../../../core/net/packet.ts'
import {movedMembers} from '../../../core/plan/moved-members.ts'
import {StepEffects} from '../../../core/plan/step-effects.ts'
import {cluster, packetsOf} from '../../support/arbitrary-cluster.ts'
import {azureNpm, damage} from '../../support/linux/arbitrary-node.ts'
import {nodeOfLines} from '../../support/linux/written-node.ts'
import {linesOf} from '../../support/node-of.ts'
import {shop, shopLines} from '../../support/shop-nodes.ts'

/** What is only lost or added in sets: rules stay as they are. */
const setDamages = fc.array(damage, {minLength: 1, maxLength: 3})

const pair = fc.tuple(cluster, azureNpm, setDamages).map(([objects, options, damages]) => {
  const lines = linesOf(compile(objects, {...options, semantics: 'npm'}))
  const broken = damages.reduce((each, change) => change(each), lines)
  return {objects, lines, broken}
})

/** Packets whose verdict is another one, among those that people think of. */
function changed(
  before: NodeState,
  after: NodeState,
  packets: Iterable<Packet>,
): {readonly opens: Packet[]; readonly closes: Packet[]} {
  const found = {opens: [] as Packet[], closes: [] as Packet[]}
  for (const each of packets) {
    const [then, now] = [before.walk(each).verdict, after.walk(each).verdict]
    if (then === 'drop' && now === 'accept') found.opens.push(each)
    if (then === 'accept' && now === 'drop') found.closes.push(each)
  }
  return found
}

const packetOf = (text: string): Packet => {
  const [, source = '', destination = '', protocol = '', port] = /^(\S+) -> (\S+) ([^/]+)(?:\/(\d+))?$/.exec(text) ?? []
  return {source, destination, protocol: protocol as Packet['protocol'], ...(port !== undefined && {port: Number(port)})}
}

describe('what a step does to packets', () => {
  propertyTest.prop([pair], {numRuns: 100})('is what packets see one by one', ({objects, lines, broken}) => {
    const before = nodeOfLines(broken).with({cluster: objects})
    const after = nodeOfLines(lines).with({cluster: objects})
    const {effect, opens, closes} = new StepEffects(before).between(before, after, false)
    for (const {packet} of opens)
      expect([packet, before.walk(packetOf(packet)).verdict, after.walk(packetOf(packet)).verdict]).toEqual([
        packet,
        'drop',
        'accept',
      ])
    for (const {packet} of closes)
      expect([packet, before.walk(packetOf(packet)).verdict, after.walk(packetOf(packet)).verdict]).toEqual([
        packet,
        'accept',
        'drop',
      ])
    // What a node forwards is from or to a pod, where there is one, or an address that a pod had.
    const pods = new Set(objects.pods.filter(({spec}) => spec?.hostNetwork !== true).map(({status}) => status?.podIP))
    const forwarded = [...packetsOf(objects)].filter(
      ({source, destination}) => !objects.pods.some(hasPolicyAddress) || pods.has(source) || pods.has(destination),
    )
    const seen = changed(before, after, forwarded)
    if (seen.opens.length > 0) expect(['opens', 'both', 'unknown']).toContain(effect)
    if (seen.closes.length > 0) expect(['closes', 'both', 'unknown']).toContain(effect)
  })

  propertyTest.prop([pair], {numRuns: 100})(
    'is the same when only addresses that moved in sets are looked at',
    ({objects, lines, broken}) => {
      const before = nodeOfLines({...lines, sets: broken.sets}).with({cluster: objects})
      const after = nodeOfLines(lines).with({cluster: objects})
      const [some, all] = [true, false].map(isOfSets => new StepEffects(before).between(before, after, isOfSets))
      // What is unknown on both nodes, and no different, is not looked at.
      if (all?.effect === 'unknown') expect(['unknown', 'none', some?.opens.length ? 'opens' : 'closes']).toContain(some?.effect)
      else expect(some?.effect).toBe(all?.effect)
    },
  )

  test('is unknown where there are too many packets to judge', async () => {
    const lines = linesOf(compile({pods: [], namespaces: [], policies: [], nodes: []}, {scheme: 'sha256', semantics: 'npm'}))
    const node = nodeOfLines(lines)
    expect(new StepEffects(node, 10).between(node, node, false)).toEqual({effect: 'unknown', opens: [], closes: []})
    expect(new StepEffects(node).between(node, node, false).effect).toBe('none')
  })

  test('is known of an empty node however many packets there are, since all pass that can be closed', () => {
    const {rules, sets} = shopLines
    const empty = nodeOfLines({rules: ['*filter', ':FORWARD ACCEPT [0:0]', 'COMMIT'], sets}).with({cluster: shop})
    const full = nodeOfLines({rules, sets}).with({cluster: shop})
    expect(new StepEffects(empty, 60).between(empty, full, false).effect).toBe('closes')
    expect(new StepEffects(full, 60).between(full, empty, false).effect).toBe('opens')
  })
})

describe('addresses that moved in sets', () => {
  const nodeWith = (...sets: readonly string[]): NodeState =>
    nodeOfLines({rules: ['*filter', ':FORWARD ACCEPT [0:0]', 'COMMIT'], sets})
  const a = 'create azure-npm-a hash:net family inet'
  const list = 'create azure-npm-l list:set size 8'

  test.each<[string, readonly string[], readonly string[], readonly string[]]>([
    ['a member', [a, 'add azure-npm-a 10.0.0.1'], [a, 'add azure-npm-a 10.0.0.1', 'add azure-npm-a 10.0.0.2'], ['10.0.0.2/32']],
    [
      'an exception',
      [a, 'add azure-npm-a 10.0.0.0/8'],
      [a, 'add azure-npm-a 10.0.0.0/8', 'add azure-npm-a 10.1.0.0/16 nomatch'],
      ['10.1.0.0/16'],
    ],
    ['a set', [], [a, 'add azure-npm-a 10.0.0.1'], ['10.0.0.1/32']],
    [
      'a set that comes into a list',
      [a, 'add azure-npm-a 10.0.0.1', list],
      [a, 'add azure-npm-a 10.0.0.1', list, 'add azure-npm-l azure-npm-a'],
      ['10.0.0.1/32'],
    ],
    [
      'the type',
      [a, 'add azure-npm-a 10.0.0.1'],
      ['create azure-npm-a hash:ip family inet', 'add azure-npm-a 10.0.0.1'],
      ['10.0.0.1/32'],
    ],
    ['what cannot be read', [a], [a, 'add azure-npm-a fe80::1'], ['0.0.0.0/0']],
    ['nothing', [a, 'add azure-npm-a 10.0.0.1'], [a, 'add azure-npm-a 10.0.0.1'], []],
  ])('%s', (_, before, after, blocks) => {
    const moved = movedMembers(nodeWith(...before), nodeWith(...after))
    expect(moved.map(({base, prefix}) => `${[24, 16, 8, 0].map(shift => (base >>> shift) & 255).join('.')}/${prefix}`)).toEqual(
      blocks,
    )
  })
})
