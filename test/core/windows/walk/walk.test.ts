import {describe, expect, test} from 'vitest'
import type {Packet} from '../../../../core/net/packet.ts'
import {judge} from '../../../../core/windows/walk/judge.ts'
import {walk} from '../../../../core/windows/walk/walk.ts'
import {hnsFixture} from '../../../support/windows/hns-fixture.ts'
import {endpointOf, hnsDocuments, networkOf, walkedNode} from '../../../support/windows/hns-node.ts'

interface VectorPacket {
  readonly src: string
  readonly dst: string
  readonly proto: Packet['protocol']
  readonly sport?: number | null
  readonly dport?: number | null
}

interface Vectors {
  readonly packets: readonly {
    readonly name: string
    readonly endpoint: string
    readonly direction: 'In' | 'Out'
    readonly packet: VectorPacket
    readonly verdict: 'allow' | 'block'
    readonly by: {readonly Id: string | null; readonly Action: string; readonly Priority: number}
  }[]
  readonly flows: readonly {
    readonly name: string
    readonly packet: VectorPacket
    readonly steps: readonly {readonly direction: string; readonly verdict: string}[]
    readonly verdict: 'allow' | 'block'
  }[]
  readonly sets: readonly object[]
  readonly rules: readonly {
    readonly name: string
    readonly acls: readonly object[]
    readonly direction: 'In' | 'Out'
    readonly packet: VectorPacket
    readonly verdict: 'allow' | 'block'
    readonly confidence: string
  }[]
}

const vectors = hnsFixture('verdicts.json') as Vectors
const verdicts = {allow: 'accept', block: 'drop'} as const

const packetOf = ({src, dst, proto, sport, dport}: VectorPacket): Packet => ({
  source: src,
  destination: dst,
  protocol: proto,
  ...(typeof dport === 'number' && {port: dport}),
  ...(typeof sport === 'number' && {sourcePort: sport}),
})

const documents = hnsDocuments(hnsFixture('networks.json'), hnsFixture('endpoints.json'))
const node = walkedNode(documents)

describe('packets at one endpoint', () => {
  test.each(vectors.packets)('$name', ({endpoint: id, direction, packet, verdict, by}) => {
    const endpoint = documents.endpoints?.find(each => each.id === id)
    if (!endpoint) throw new Error(`no endpoint ${id}`)
    const judged = judge(endpoint, node.endpoints.rules(endpoint, direction), packetOf(packet), node.sets)
    expect(judged.verdict).toBe(verdicts[verdict])
    const {id: acl = null, action, priority} = judged.rule?.acl ?? {}
    expect({Id: acl, Action: action, Priority: priority}).toEqual(by)
    expect(judged.doubts).toEqual([])
  })
})

describe('packets between pods', () => {
  test.each(vectors.flows)('$name', ({packet, steps, verdict}) => {
    const walked = walk(node, packetOf(packet), documents)
    expect(walked.verdict).toBe(verdicts[verdict])
    const told = walked.trail.map(each => ({direction: each.direction, verdict: each.verdict}))
    expect(told).toEqual(steps.map(each => ({direction: each.direction, verdict: verdicts[each.verdict as 'allow']})))
  })

  test('neither end is on the node: it judges nothing', () => {
    const walked = walk(node, {source: '10.240.0.35', destination: '10.240.0.36', protocol: 'tcp', port: 80}, documents)
    expect(walked).toMatchObject({verdict: 'accept', trail: []})
  })
})

/** The fixtures of single rules, on the endpoint 10.9.9.9. */
const single = (acls: readonly object[], sets: readonly object[] = vectors.sets) =>
  hnsDocuments([networkOf(sets)], [endpointOf('10.9.9.9', acls)])

describe('rules of evaluation', () => {
  test.each(vectors.rules)('$name', ({acls, packet, verdict, confidence}) => {
    const its = single(acls)
    const {verdict: found, doubts} = walk(walkedNode(its), packetOf(packet), its)
    expect(found).toBe(verdicts[verdict])
    if (confidence === 'unsure') expect(doubts).not.toEqual([])
  })

  const tcp = (more: Partial<Packet> = {}): Packet => ({
    source: '10.0.0.1',
    destination: '10.9.9.9',
    protocol: 'tcp',
    port: 80,
    ...more,
  })
  const acl = (more: object) => ({Action: 'Allow', Direction: 'In', RuleType: 'Switch', Priority: 222, ...more})
  const deny = acl({Action: 'Block', Priority: 3000})
  const judged = (acls: readonly object[], packet = tcp(), sets = vectors.sets) => {
    const its = single(acls, sets)
    return walk(walkedNode(its), packet, its)
  }

  test.each([
    ['a rule of the host firewall is not asked', [acl({Action: 'Block', RuleType: 'Host'}), acl({})], tcp(), 'accept'],
    ['a rule without a type is one of the switch', [{Action: 'Block', Direction: 'In'}], tcp(), 'drop'],
    ['of IPv6 no packet is met', [acl({RemoteAddresses: 'fd00::/8'}), deny], tcp(), 'drop'],
    ['icmp meets no rule with ports', [acl({LocalPorts: '80'}), deny], {...tcp(), protocol: 'icmp' as const}, 'drop'],
    ['what the rule asks of the source port is not known', [acl({RemotePorts: '53'}), deny], tcp(), 'unknown'],
    ['of a known source port it is', [acl({RemotePorts: '53'}), deny], tcp({sourcePort: 53}), 'accept'],
    ['a protocol that is no number is not known', [acl({Protocols: 'tcp'}), deny], tcp(), 'unknown'],
    ['where both outcomes are one it does not matter', [acl({Protocols: 'tcp'}), acl({Priority: 300})], tcp(), 'accept'],
    ['addresses beside sets are not known', [acl({LocalAddresses: 'set-A,10.0.0.0/8'}), deny], tcp(), 'unknown'],
    ['an action that NPM does not use is not known', [acl({Action: 'Pass'}), deny], tcp(), 'unknown'],
    ['a rule that cannot be read may do anything', [{...acl({}), Priority: 'first'}, deny], tcp(), 'unknown'],
  ] as const)('%s', (_, acls, packet, verdict) => {
    const walked = judged(acls, packet)
    expect(walked.verdict).toBe(verdict)
    expect(walked.reason !== undefined).toBe(verdict === 'unknown')
  })

  test.each([
    ['a tie of different actions', [acl({}), acl({Action: 'Block'})], 'drop', 'have one priority and differ'],
    ['no rule that matches', [acl({Direction: 'Out'})], 'drop', 'no ACL of its direction matches'],
    ['a list without members', [acl({LocalAddresses: 'set-N0'}), deny], 'accept', 'the list set-N0 has no members'],
    ['a set that no network has', [acl({LocalAddresses: 'set-gone'}), deny], 'drop', 'names set-gone'],
  ] as const)('%s is a doubt, and the verdict is given', (_, acls, verdict, says) => {
    expect(judged(acls)).toMatchObject({verdict, doubts: [expect.stringContaining(says)]})
  })

  test('without networks in the input nothing is known of sets', () => {
    const its = hnsDocuments([endpointOf('10.9.9.9', [acl({LocalAddresses: 'set-A'}), deny])])
    const {policies: _, ...without} = its
    expect(walk(walkedNode(without), tcp(), without).verdict).toBe('unknown')
  })
})

describe('which endpoint an address has', () => {
  const allow = {Action: 'Allow', Direction: 'In'}
  const block = {Action: 'Block', Direction: 'In'}
  const packet: Packet = {source: '10.0.0.1', destination: '10.0.0.9', protocol: 'tcp', port: 80}
  const verdictOf = (...endpoints: readonly object[]) => {
    const its = hnsDocuments(endpoints)
    return walk(walkedNode(its), packet, its)
  }
  const one = (acl: object, more: object) => endpointOf('10.0.0.9', [acl], more)

  test('one that is attached counts before one that is not', () => {
    expect(verdictOf(one(block, {ID: 'a', State: 1}), one(allow, {ID: 'b', State: 3})).verdict).toBe('accept')
    expect(verdictOf(one(block, {ID: 'a'}), one(allow, {ID: 'b', State: 2})).verdict).toBe('accept')
  })

  test('of two that may be attached the verdict is known only if both give it', () => {
    expect(verdictOf(one(block, {ID: 'a', Name: 'x'}), one(allow, {ID: 'b', Name: 'y'}))).toMatchObject({
      verdict: 'unknown',
      reason: expect.stringContaining('endpoints x and y have the address 10.0.0.9'),
    })
    expect(verdictOf(one(block, {ID: 'a'}), one(block, {ID: 'b'})).verdict).toBe('drop')
  })

  test('an endpoint of another node judges nothing', () => {
    expect(verdictOf(one(block, {IsRemoteEndpoint: true})).verdict).toBe('accept')
  })

  test('a pod of this node without an endpoint is not known to be judged', () => {
    const pod = {metadata: {name: 'p', namespace: 'shop'}, spec: {nodeName: 'win'}, status: {podIP: '10.0.0.9'}}
    const its = {...hnsDocuments([]), cluster: {pods: [pod], namespaces: [], policies: [], nodes: []}}
    expect(walk(walkedNode(its), packet, its)).toMatchObject({
      verdict: 'unknown',
      reason: 'pod shop/p runs on this node, and no endpoint in the input has its address 10.0.0.9',
    })
  })
})
