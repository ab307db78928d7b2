import {existsSync} from 'node:fs'
import {describe, expect, test} from 'vitest'
import {program} from '../../programs/program.ts'
import {backends} from '../tools.ts'
import {expected, openBakery, packets, pods, probes} from './bakery.ts'
import {describePackets} from './describe.ts'
import {kubeProxyRules} from './kube-proxy.ts'
import {openPacketNode} from './packet-node.ts'

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
