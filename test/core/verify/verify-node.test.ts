import {describe, expect, test} from 'vitest'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import type {NetworkPolicy, PolicyPeer} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {verifyNode} from '../../../core/verify/verify-node.ts'
import {linesOf} from '../../support/node-of.ts'
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

  test('judges what a service sends to a pod in the network of the node itself by what the node receives', async () => {
    const portal = [
      ...nat.slice(0, 2),
      '-A PREROUTING -d 10.96.0.9/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.9.0.1:80',
      'COMMIT',
    ]
    // Its policy lets shop/web send to shop/db only, which holds for what is forwarded.
    const served = await shopNode({rules: [...portal, ...shopLines.rules]}, 'n1')
    expect(verifyNode(served, {against: 'policies'}, [])).toMatchObject({result: 'proven', counterexamples: []})
    const withInput = shopLines.rules.flatMap(line => (line === ':FORWARD ACCEPT [0:0]' ? [':INPUT ACCEPT [0:0]', line] : [line]))
    const closed = [...withInput.slice(0, -1), '-A INPUT -s 10.0.1.1/32 -p tcp -m tcp --dport 80 -j DROP', 'COMMIT']
    const {counterexamples} = verifyNode(await shopNode({rules: [...portal, ...closed]}, 'n1'), {against: 'policies'}, [])
    expect(counterexamples).toMatchObject([
      {effect: 'closed', senders: ['shop/web'], receivers: ['10.9.0.1', '10.96.0.9'], services: ['tcp/80']},
    ])
  })

  test('proves nothing where pods may be missing, though all packets of the others are as they should be', async () => {
    const job = shop.pods.filter(({metadata}) => metadata.name === 'job')
    const given = {kinds: ['pods', 'namespaces', 'policies', 'nodes'], gaps: []} as const
    // Objects of one namespace, whose only pod has ended.
    const ended = job.map(pod => ({...pod, status: {...pod.status, phase: 'Failed'}}))
    const [node] = await shopNodes({n1: {...shopLines, rules}}, {...shop, pods: ended, policies: [], given})
    expect(verifyNode(node as NodeState, {against: 'policies'}, [])).toMatchObject({
      result: 'unknown',
      incomplete: [{part: 'Pods', reason: 'only Pods of namespace ops are in the input'}],
    })
  })

  test('compares no more pairs than it may, proves nothing then, and tells what it has found', async () => {
    const all = {against: 'policies'} as const
    const whole = verifyNode(await shopNode(), {...all, mostPairs: 1000}, [])
    expect(whole).toMatchObject({result: 'proven', incomplete: []})
    const part = verifyNode(await shopNode(), {...all, mostPairs: 16}, [])
    expect(part).toMatchObject({result: 'unknown', counterexamples: [], undecided: []})
    expect(part.incomplete.map(({part: what}) => what)).toEqual([expect.stringMatching(/^packets to \d+ kinds? of ends$/)])
    // Of the node's own pods what they receive comes first: 14 pairs.
    const broken = await shopNode({rules: before('-A FORWARD -s 10.0.1.9/32 -j ACCEPT')})
    expect(verifyNode(broken, {...all, mostPairs: 16}, [])).toMatchObject({
      result: 'counterexamples',
      counterexamples: [{effect: 'open', receivers: ['shop/db']}],
    })
    expect(verifyNode(broken, {...all, mostPairs: 0}, [])).toMatchObject({result: 'unknown', counterexamples: []})
  })

  test('proves a node with NPM Lite whose policies have blocks only, and finds what NPM Lite leaves out', async () => {
    const [first] = shop.policies as [NetworkPolicy]
    const nodeFor = async (from: PolicyPeer): Promise<NodeState> => {
      const policy = {metadata: first.metadata, spec: {...first.spec, ingress: [{from: [from], ports: [{port: 5432}]}]}}
      const cluster = {...shop, policies: [policy]}
      const lines = linesOf(compile(cluster, {scheme: 'sha256', semantics: 'npm', isLite: true, node: 'n2'}))
      const [node] = await shopNodes({n2: {sets: lines.sets, rules: [...nat, ...lines.rules]}}, cluster)
      return node as NodeState
    }
    const blocks = await nodeFor({ipBlock: {cidr: '10.20.0.0/16', except: ['10.20.3.0/24']}})
    expect(verifyNode(blocks, {against: 'policies'}, [])).toMatchObject({result: 'proven', counterexamples: []})
    const pods = await nodeFor({podSelector: {matchLabels: {app: 'web'}}})
    expect(verifyNode(pods, {against: 'policies'}, [])).toMatchObject({
      result: 'counterexamples',
      counterexamples: [{effect: 'open', receivers: ['shop/db']}],
    })
  })

  test('does not call a node proven of which a part of the packets is not known', async () => {
    const node = await shopNode({rules: before('-A FORWARD -d 10.0.2.1/32 -p udp -j STRANGE')})
    const {result, counterexamples, undecided} = verifyNode(node, {against: 'policies'}, [])
    expect([result, counterexamples]).toEqual(['unknown', []])
    expect(undecided.map(({services}) => services)).toEqual([['udp']])
  })

  const vpn = ['create vpn hash:ip,port family inet hashsize 1024 maxelem 65536', 'add vpn 10.0.1.2,esp:0']
  test.each([
    {rule: '-p esp -j ACCEPT', effect: 'open', services: ['esp']},
    {rule: '-p 50 -j ACCEPT', effect: 'open', services: ['esp']},
    {rule: '-p 200 -j ACCEPT', effect: 'open', services: ['200']},
    {rule: '-p 47 -j DROP', effect: 'closed', services: ['gre']},
    {rule: '-p all -j DROP', effect: 'closed', services: expect.arrayContaining(['tcp to other']) as string[]},
    {rule: '-p 0 -j DROP', effect: 'closed', services: expect.arrayContaining(['tcp to other']) as string[]},
    {rule: '! -p tcp -j DROP', effect: 'closed', services: expect.arrayContaining(['udp to other']) as string[]},
    {rule: '-p ah -j DROP', effect: 'closed', services: ['ah']},
    {rule: '-m conntrack --ctproto 89 -j DROP', effect: 'closed', services: ['ospf']},
    {rule: '-m set --match-set vpn dst,dst -j DROP', effect: 'closed', services: ['esp']},
  ])('tells what $rule does to protocols that have no ports', async ({rule, effect, services}) => {
    const node = await shopNode({rules: before(`-A FORWARD ${rule}`), sets: [...shopLines.sets, ...vpn]})
    const {counterexamples, undecided} = verifyNode(node, {against: 'policies'}, [])
    expect(undecided).toEqual([])
    expect(counterexamples.map(each => [each.effect, each.services])).toEqual([[effect, services]])
  })

  test('does not know what a protocol is that only the node has a name for', async () => {
    const node = await shopNode({rules: before('-A FORWARD -p ours -j DROP')})
    const {counterexamples, undecided} = verifyNode(node, {against: 'policies'}, [])
    expect(counterexamples).toEqual([])
    expect(undecided.map(({services}) => services)).toEqual([['other']])
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
