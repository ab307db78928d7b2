import {existsSync} from 'node:fs'
import {describe, expect, test} from 'vitest'
import {program} from '../../programs/program.ts'
import {backends} from '../tools.ts'
import {describePackets} from './describe.ts'
import {kubeProxyRules} from './kube-proxy.ts'
import {openPacketNode, type PacketNode} from './packet-node.ts'
import {parseProbe} from './probe-line.ts'

/** The pods of the bakery. The other node's host-network pod and the finished one are addresses outside. */
const pods = [
  {name: 'coredns', ip: '10.60.0.53'},
  {name: 'oven-0', ip: '10.60.0.10'},
  {name: 'oven-1', ip: '10.60.1.10'},
  {name: 'mixer', ip: '10.60.0.12'},
  {name: 'shaper', ip: '10.60.1.13'},
  {name: 'ledger', ip: '10.60.0.14'},
  {name: 'till-0', ip: '10.60.0.20'},
  {name: 'till-1', ip: '10.60.1.21'},
  {name: 'kiosk', ip: '10.60.1.22'},
  {name: 'seasonal-0', ip: '10.60.1.30'},
  {name: 'seasonal-1', ip: '10.60.0.31'},
  {name: 'taster-0', ip: '10.60.0.40'},
  {name: 'taster-1', ip: '10.60.1.41'},
]
const others = {
  inspector: '10.40.0.4',
  cleaning: '10.60.0.19',
  world: '203.0.113.9',
  office: '172.20.5.5',
  basement: '172.20.1.7',
  cellar: '172.20.2.8',
}
const nodeAddress = '10.40.0.5'
const addresses = new Map([...pods.map(({name, ip}) => [name, ip] as const), ...Object.entries(others), ['node', nodeAddress]])

/** By hand, from the policies of the bakery and what Azure NPM makes of them. */
const expected = `
till-0 -> oven-0 tcp/8080: accept
till-1 -> oven-1 tcp/8080: accept
till-1 -> oven-0 udp/8080: drop
kiosk -> oven-0 tcp/8080: drop
till-0 -> oven-0 tcp/9102: drop
till-1 -> oven-0 tcp/9102: accept
world -> oven-0 tcp/9102: drop
inspector -> oven-0 tcp/9102: drop
mixer -> oven-0 tcp/8080: drop
taster-0 -> mixer tcp/9000: drop
till-1 -> mixer tcp/9000: accept
world -> mixer tcp/9000: accept
world -> mixer sctp/7400: accept
world -> mixer sctp/7401: drop
world -> mixer udp/7400: drop
world -> shaper icmp: drop
office -> ledger tcp/5432: accept
office -> ledger tcp/5434: drop
basement -> ledger tcp/5432: drop
cellar -> ledger tcp/5433: drop
oven-0 -> ledger tcp/5432: accept
oven-0 -> ledger tcp/5433: drop
oven-1 -> coredns udp/53: accept
oven-1 -> coredns tcp/53: accept
oven-1 -> coredns tcp/9153: drop
ledger -> world tcp/443: accept
ledger -> world tcp/80: drop
ledger -> till-0 tcp/443: drop
ledger -> 169.254.169.254 tcp/443: drop
seasonal-0 -> oven-0 tcp/30000: accept
kiosk -> oven-1 tcp/30010: accept
kiosk -> oven-1 tcp/30011: drop
taster-0 -> oven-1 tcp/30005: drop
till-0 -> world udp/53: accept
till-0 -> world tcp/53: drop
till-0 -> till-1 tcp/80: drop
kiosk -> till-0 icmp: accept
seasonal-1 -> seasonal-0 tcp/80: accept
seasonal-1 -> seasonal-0 icmp: drop
world -> seasonal-0 tcp/80: drop
taster-0 -> taster-1 tcp/1: accept
taster-0 -> taster-1 udp/1: drop
taster-1 -> taster-0 tcp/1: accept
till-1 -> taster-0 tcp/1: drop
world -> cleaning tcp/1: accept
coredns -> 168.63.129.16 tcp/80: accept
kiosk -> oven-0 tcp/8080 mark 0x4000: accept
world -> coredns tcp/53 mark 0x400: drop
world -> coredns tcp/53 mark 0x800: drop
kiosk -> oven-0 tcp/8080 mark 0x200: drop
node -> oven-0 tcp/1: accept
oven-0 -> node tcp/10250: accept
oven-0 -> node icmp: accept`
  .trim()
  .split('\n')

const probes = expected.map(line => parseProbe(line, addresses))
const packets = probes.map(({packet}) => packet)

const openBakery = (base: string, backend: PacketNode['backend']) =>
  openPacketNode({pods, externals: Object.values(others), nodeAddress, backend, base})

describePackets('real packets', () => {
  describe.each(backends)('%s', backend => {
    test('the program of the bakery lets through what was worked out by hand', async () => {
      await using node = await openBakery('', backend)
      const {sets, rules} = program('v2-base36')
      await node.load(sets, rules)
      const verdicts = await node.probe(packets)
      expect(probes.map(({text}, index) => `${text}: ${verdicts[index]}`)).toEqual(expected)
    })

    test('a program that lacks one member, or one rule, shows', async () => {
      await using node = await openBakery('', backend)
      const {sets, rules} = program('v2-base36')
      const differing = async (sets: string, rules: string): Promise<string[]> => {
        await node.load(sets, rules)
        const verdicts = await node.probe(packets)
        return probes.filter(({verdict}, index) => verdict !== verdicts[index]).map(({text}) => text)
      }
      const without = (text: string, line: string) =>
        text
          .split('\n')
          .filter(each => !each.includes(line))
          .join('\n')
      expect(await differing(without(sets, '172.20.1.0/24 nomatch'), rules)).toEqual(['basement -> ledger tcp/5432'])
      expect(await differing(sets, without(rules, 'ALLOW-ALL-ON-UDP'))).toEqual(['till-0 -> world udp/53'])
      expect(await differing(sets, without(rules, 'ALLOW-ALL-ON-SCTP-TO-PORT-7400'))).toEqual(['world -> mixer sctp/7400'])
      expect(await differing(sets, rules)).toEqual([])
    })

    test('without a program everything passes', async () => {
      await using node = await openBakery(kubeProxyRules(), backend)
      expect(await node.probe(packets)).toEqual(packets.map(() => 'accept'))
    })
  })

  test('what is loaded replaces what was there', async () => {
    await using node = await openPacketNode({pods: pods.slice(0, 2), externals: []})
    const before = await node.save()
    await node.load('create mine hash:ip', '*raw\n-A PREROUTING -j ACCEPT\nCOMMIT\n*filter\n:MINE - -\n-P FORWARD DROP\nCOMMIT\n')
    await node.load('', '*filter\nCOMMIT\n')
    const after = await node.save()
    const rules = (text: string) => text.split('\n').filter(line => !line.startsWith('#'))
    expect({sets: after.sets, rules: rules(after.rules)}).toEqual({sets: '', rules: expect.arrayContaining(rules(before.rules))})
    expect(after.rules).not.toMatch(/MINE|-A PREROUTING -j ACCEPT|FORWARD DROP/)
  })

  test('a service sends to its backends, where policies see the pod and its port', async () => {
    const [web, one, two] = ['10.60.0.1', '10.60.0.2', '10.60.0.3'] as const
    const backends = [one, two].map(address => ({address, port: 8080}))
    const service = {name: 'shop/web', address: '10.0.0.7', protocol: 'tcp', port: 80, backends} as const
    const balanced = {...service, name: 'shop/open', address: '10.0.0.8', isMasqueraded: true} as const
    await using node = await openPacketNode({
      pods: [
        {name: 'web', ip: web},
        {name: 'one', ip: one},
        {name: 'two', ip: two},
      ],
      externals: ['203.0.113.9'],
      base: kubeProxyRules([service, balanced]),
    })
    const to = (destination: string, port: number) => ({source: web, destination, protocol: 'tcp', port}) as const
    const places = await node.arrivals(Array.from({length: 100}, () => to('10.0.0.7', 80)))
    expect(new Set(places)).toEqual(new Set(['one', 'two']))
    // The hairpin: a pod that reaches itself by its service.
    expect(await node.arrivals([{...to('10.0.0.7', 80), source: one}])).not.toContain(undefined)
    // Behind the hint, where Azure NPM has its jump, after kube-proxy's.
    await node.load('', '*filter\n-I FORWARD 4 -m conntrack --ctstate NEW -p tcp --dport 8080 -j DROP\nCOMMIT\n')
    expect(await node.probe([to('10.0.0.7', 80), to('10.0.0.8', 80), to(one, 80), to(one, 8080)])).toEqual([
      'drop',
      // Marked for masquerading, KUBE-FORWARD accepts it first.
      'accept',
      'accept',
      'drop',
    ])
  })

  test('thousands of probes lose none', async () => {
    await using node = await openPacketNode({pods: pods.slice(0, 4), externals: ['203.0.113.9']})
    await node.load('', '*filter\n-A FORWARD -p udp -m udp --dport 1:30000 -j DROP\nCOMMIT\n')
    const sources = [...pods.slice(0, 4).map(({ip}) => ip), '203.0.113.9']
    const many = Array.from({length: 10_000}, (_, index) => ({
      source: sources[index % 5] ?? '',
      destination: sources[(index + 1 + (index % 3)) % 5] ?? '',
      protocol: index % 2 === 0 ? ('udp' as const) : ('sctp' as const),
      port: (index * 7) % 60_000 || 1,
    }))
    const verdicts = await node.probe(many)
    expect(verdicts).toEqual(many.map(({protocol, port}) => (protocol === 'udp' && port <= 30_000 ? 'drop' : 'accept')))
  })

  test('a source that is nobody, and an established connection, are refused', async () => {
    await using node = await openPacketNode({pods: pods.slice(0, 1), externals: []})
    const packet = {source: '10.60.0.53', destination: '192.0.2.1', protocol: 'udp', port: 1} as const
    await expect(node.probe([{...packet, source: '192.0.2.9'}])).rejects.toThrow('no namespace has the source address 192.0.2.9')
    await expect(node.probe([{...packet, state: 'ESTABLISHED'}])).rejects.toThrow('only new connections')
    expect(await node.probe([packet])).toEqual(['accept'])
  })

  test('rules that stop even the sentinels are an error, not a drop', async () => {
    await using node = await openPacketNode({pods: pods.slice(0, 1), externals: [], timeoutMs: 300})
    await node.load('', '*filter\n-P FORWARD DROP\nCOMMIT\n')
    const packet = {source: '10.60.0.53', destination: '192.0.2.1', protocol: 'udp', port: 1} as const
    await expect(node.probe([packet])).rejects.toThrow('2 sentinels did not arrive within 300 ms')
  })

  test('a failure while it is built, or in its block, leaves nothing', async () => {
    const address = '10.60.0.53'
    const twice = [
      {name: 'one', ip: address},
      {name: 'other', ip: address},
    ]
    await expect(openPacketNode({pods: twice, externals: []})).rejects.toThrow(/File exists/)
    let name = ''
    const failing = async () => {
      await using node = await openPacketNode({pods: pods.slice(0, 1), externals: []})
      name = node.node.name
      throw new Error('in the block')
    }
    await expect(failing()).rejects.toThrow('in the block')
    expect(existsSync(`/run/netns/${name}`)).toBe(false)
  })
})
