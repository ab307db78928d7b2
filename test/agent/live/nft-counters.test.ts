import {execFileSync} from 'node:child_process'
import {readFile} from 'node:fs/promises'
import {describe, expect, test, vi} from 'vitest'
import {limits} from '../../../agent/limits/limits.ts'
import {KernelCounters, type KernelTools} from '../../../agent/live/kernel-counters.ts'
import {NftCounters} from '../../../agent/live/nft-counters.ts'
import {ThreadTime} from '../../../agent/live/thread-time.ts'
import {NetlinkError} from '../../../agent/netlink/message.ts'
import type {NetlinkSocket} from '../../../agent/netlink/socket.ts'
import {readRuleCounters} from '../../../core/linux/counters/read-counters.ts'
import {describeKernel, kernelTest} from '../../support/kernel/describe.ts'
import {loadRules, loadSets} from '../../support/kernel/load.ts'
import {type Namespace, openNamespace} from '../../support/kernel/namespace.ts'
import {describePackets} from '../../support/kernel/packets/describe.ts'
import {openPacketNode} from '../../support/kernel/packets/packet-node.ts'
import {openCounters, packetsFor, plain, shown} from '../../support/live/counted.ts'
import {type FakeRule, fakeNetlink} from '../../support/live/fake-netlink.ts'
import {toolsInside} from '../../support/live/inside.ts'
import {shopLines} from '../../support/shop-nodes.ts'

/** Counters by netlink, held to what iptables-nft-save prints of the same kernel. */

const signal = new AbortController().signal
const fixtures = new URL('../../fixtures/', import.meta.url)

const dumps = [
  ...['v2-base36-nft', 'v2-decimal-nft', 'v1-nft', 'mixed-nft', 'inactive-nft', 'empty-nft'].map(name => `captures/${name}`),
  ...['bank-lite', 'clinic-fnv', 'garden-oldmarks', 'school-changed', 'shop-sha256'].map(name => `real-npm/${name}`),
]

describePackets('counters of what Azure NPM programs, while packets pass', () => {
  test.each(dumps)('%s: the kernel tells what the tool prints', async name => {
    const file = (each: string) => readFile(new URL(`${name}/${each}`, fixtures), 'utf8')
    const [sets, rules] = [await file('ipset-save.txt'), await file('iptables-save.txt')]
    await using packetNode = await openPacketNode({pods: [], externals: 'any'})
    const {node} = packetNode
    await packetNode.load(sets, rules)
    const counters = await openCounters(node)
    expect((await counters.read()).saves).toBe(1)
    const packets = packetsFor(sets, rules)
    for (const some of [packets, packets.slice(0, 7), [], packets.slice(7, 20)]) {
      if (some.length > 0) await packetNode.probe(some)
      const {counters: read, saves} = await counters.read()
      // No rule, no back end: which one Azure NPM will take is not known.
      expect({saves, ...plain(read)}).toEqual({saves: 0, ...(await shown(node, 'nft'))})
    }
    const {structure, packets: counted} = await counters.kernel.rules(signal)
    expect(counted.some(count => count > 0)).toBe(structure.rules.length > 0)
  })
})

const {sets, rules} = shopLines
const chain = /^:(AZURE-NPM-INGRESS-(?!ALLOW)\S+)/m.exec(rules.join('\n'))?.[1] ?? ''
const save = (lines: readonly string[]) => `*filter\n${lines.join('\n')}\nCOMMIT\n`

describeKernel('rules that change between reads', () => {
  async function loaded(namespace: Namespace) {
    await loadSets(namespace, sets.join('\n'))
    await loadRules(namespace, 'nft', rules.join('\n'))
    const counters = await openCounters(namespace)
    await counters.read()
    return counters
  }

  describe.each<[string, (namespace: Namespace) => Promise<unknown>]>([
    ['a rule more', namespace => namespace.run('iptables-nft', ['-I', 'AZURE-NPM', '1', '-p', 'sctp', '-j', 'RETURN'])],
    ['a chain flushed', namespace => namespace.run('iptables-nft', ['-F', chain])],
    [
      'a chain written again',
      namespace =>
        loadRules(namespace, 'nft', save([`:${chain} - [0:0]`, ...rules.filter(rule => rule.startsWith(`-A ${chain} `))])),
    ],
    [
      'another rule of another program',
      namespace => namespace.run('iptables-nft', ['-I', 'FORWARD', '1', '-p', 'sctp', '-j', 'DROP']),
    ],
    [
      'a rule replaced by one that counts from 5',
      namespace => namespace.run('iptables-nft', ['-R', chain, '1', '-c', '5', '700', '-j', 'DROP']),
    ],
    ['no table any more', namespace => namespace.run('nft', ['delete', 'table', 'ip', 'filter'])],
  ])('%s', (_, change) => {
    kernelTest('is read by the tool, once', async namespace => {
      const {read} = await loaded(namespace)
      await change(namespace)
      const first = await read()
      expect({saves: first.saves, ...plain(first.counters)}).toEqual({saves: 1, ...(await shown(namespace, 'nft'))})
      const second = await read()
      expect(second.saves).toBe(0)
      expect(plain(second.counters)).toEqual(plain(first.counters))
    })
  })

  kernelTest('counters that are set, or reset, do not bring the tool back', async namespace => {
    const {read} = await loaded(namespace)
    const [first = ''] = rules.filter(rule => rule.startsWith(`-A ${chain} `))
    await namespace.run('sh', ['-c', `iptables-nft -R ${chain} 1 -c 5 700 ${first.slice(`-A ${chain} `.length)}`])
    const set = await read()
    expect({saves: set.saves, ...plain(set.counters)}).toEqual({saves: 0, ...(await shown(namespace, 'nft'))})
    expect(set.counters.packets).toContain(5)
    await namespace.run('iptables-nft', ['-Z'])
    const reset = await read()
    expect({saves: reset.saves, ...plain(reset.counters)}).toEqual({saves: 0, ...(await shown(namespace, 'nft'))})
    expect(reset.counters.packets.every(count => count === 0)).toBe(true)
  })

  kernelTest('rules of other tables do not bring the tool back', async namespace => {
    const {read} = await loaded(namespace)
    await namespace.run('iptables-nft', ['-t', 'nat', '-A', 'POSTROUTING', '-j', 'MASQUERADE'])
    await namespace.run('nft', ['add', 'table', 'ip', 'other'])
    const {saves, counters} = await read()
    expect({saves, ...plain(counters)}).toEqual({saves: 0, ...(await shown(namespace, 'nft'))})
  })

  kernelTest('a change in the middle of a read is seen', async namespace => {
    await loadSets(namespace, sets.join('\n'))
    await loadRules(namespace, 'nft', rules.join('\n'))
    const tools = await toolsInside(namespace)
    const open = await tools.netlink()
    let sends = 0
    let changeAt = Number.POSITIVE_INFINITY
    let changes = 0
    /** Writes the chain anew before the request that is told. */
    const racing = (): NetlinkSocket => {
      const socket = open()
      return {
        ...socket,
        send: request => {
          if (++sends === changeAt) {
            const rule = ['-c', String(sends), '9', '-p', changes++ % 2 ? 'tcp' : 'udp', '-j', 'DROP']
            execFileSync('ip', ['netns', 'exec', namespace.name, 'iptables-nft', '-R', chain, '1', ...rule])
          }
          socket.send(request)
        },
        [Symbol.dispose]: () => socket[Symbol.dispose](),
      }
    }
    const kernel = new KernelCounters({...tools, netlink: async () => racing}, limits)
    await kernel.rules(signal)
    for (let at = 1; at < 30; at++) {
      changeAt = sends + at
      const counters = await kernel.rules(signal)
      // Written behind the last request, it is seen by the next read.
      if (sends < changeAt) break
      expect(plain(counters)).toEqual(await shown(namespace, 'nft'))
    }
    expect(sends).toBeLessThan(changeAt)
    expect(tools.started.length).toBeGreaterThan(5)
  })
})

describe('chains that are passed over', () => {
  const policy = 'AZURE-NPM-INGRESS-4zw939brjm'
  const lines = [
    '-A FORWARD -m conntrack --ctstate NEW -j AZURE-NPM',
    '-A AZURE-NPM -j AZURE-NPM-INGRESS',
    // In whatever order they are printed, jumps are read first.
    `-A ${policy} -j MARK --set-xmark 0x400/0x400`,
    `-A AZURE-NPM-INGRESS -j ${policy}`,
  ]
  const text = [`*filter\n${lines.map(line => `[0:0] ${line}\n`).join('')}COMMIT\n`]

  async function opened(before: (chain: string | undefined, rules: Record<'jump' | 'mark', FakeRule>) => void) {
    const rules = {jump: {packets: 0, bytes: 0}, mark: {packets: 0, bytes: 0}}
    const chains = {
      FORWARD: [{packets: 0, bytes: 0}],
      'AZURE-NPM': [{packets: 0, bytes: 0}],
      [policy]: [rules.mark],
      'AZURE-NPM-INGRESS': [rules.jump],
    }
    const {open, asked} = fakeNetlink(chains, chain => before(chain, rules))
    const counters = new NftCounters(open, new ThreadTime())
    await counters.beginLearning()(text, readRuleCounters(text))
    const read = async () => {
      const from = asked.length
      const {packets} = (await counters.read()) ?? {}
      return {packets: packets && [...packets], asked: asked.slice(from)}
    }
    await read()
    return {rules, read}
  }

  const bases = ['FORWARD', 'AZURE-NPM', 'AZURE-NPM-INGRESS']

  test('a chain of a policy is read when a packet has come to it, and once more', async () => {
    const {rules, read} = await opened(() => {})
    expect(await read()).toEqual({packets: [0, 0, 0, 0], asked: bases})
    rules.jump.packets = 3
    rules.mark.packets = 3
    expect(await read()).toEqual({packets: [0, 0, 3, 3], asked: [...bases, policy]})
    expect((await read()).asked).toEqual([...bases, policy])
    expect(await read()).toEqual({packets: [0, 0, 3, 3], asked: bases})
  })

  test('a packet on its way through while the node is read is counted by the next read', async () => {
    let isOnItsWay = false
    const {rules, read} = await opened((chain, {jump}) => {
      // The jump has it, and the chain does not yet.
      if (isOnItsWay && chain === 'AZURE-NPM-INGRESS') jump.packets = 1
    })
    isOnItsWay = true
    expect((await read()).packets).toEqual([0, 0, 0, 1])
    isOnItsWay = false
    rules.mark.packets = 1
    expect((await read()).packets).toEqual([0, 0, 1, 1])
  })

  test('a packet that came between two of its requests is counted by the next read', async () => {
    let hasCome = true
    const {rules, read} = await opened((chain, {jump, mark}) => {
      if (hasCome || chain !== policy) return
      hasCome = true
      jump.packets = 2
      mark.packets = 2
    })
    hasCome = false
    rules.jump.packets = 1
    rules.mark.packets = 1
    expect((await read()).packets).toEqual([0, 0, 2, 1])
    expect((await read()).packets).toEqual([0, 0, 2, 2])
  })
})

describeKernel('where the kernel cannot be asked', () => {
  test.each<[string, NonNullable<KernelTools['netlink']>]>([
    ['koffi is not there', async () => undefined],
    ['a C library lacks what is needed', () => Promise.reject(new Error('no such function'))],
    [
      'the kernel refuses',
      async () => () => {
        throw new NetlinkError('no socket', 1)
      },
    ],
  ])('%s: the tool is asked each time', async (_, netlink) => {
    await using namespace = await openNamespace()
    await loadSets(namespace, sets.join('\n'))
    await loadRules(namespace, 'nft', rules.join('\n'))
    const tools = await toolsInside(namespace)
    const kernel = new KernelCounters({...tools, netlink}, limits)
    for (const saves of [1, 2, 3]) {
      expect(plain(await kernel.rules(signal))).toEqual(await shown(namespace, 'nft'))
      expect(tools.started.length).toBe(saves)
    }
  })

  kernelTest('it is asked again after some minutes', async namespace => {
    await loadSets(namespace, sets.join('\n'))
    await loadRules(namespace, 'nft', rules.join('\n'))
    const tools = await toolsInside(namespace)
    const open = await tools.netlink()
    let refusals = 1
    const netlink = async () => () => {
      if (refusals-- > 0) throw new NetlinkError('no socket', 105)
      return open()
    }
    const kernel = new KernelCounters({...tools, netlink}, limits)
    const savesOf = async () => {
      const before = tools.started.length
      await kernel.rules(signal)
      return tools.started.length - before
    }
    expect([await savesOf(), await savesOf()]).toEqual([1, 1])
    vi.useFakeTimers({toFake: ['performance']})
    try {
      vi.advanceTimersByTime(3_600_000)
      expect([await savesOf(), await savesOf()]).toEqual([1, 0])
    } finally {
      vi.useRealTimers()
    }
  })

  kernelTest('a tool that tells of other rules than the kernel has is believed, and nothing is mixed', async namespace => {
    await loadSets(namespace, sets.join('\n'))
    await loadRules(namespace, 'nft', rules.join('\n'))
    const tools = await toolsInside(namespace)
    await using other = await openNamespace()
    const kernel = new KernelCounters({...tools, netlink: (await toolsInside(other)).netlink}, limits)
    for (const saves of [1, 2]) {
      expect(plain(await kernel.rules(signal))).toEqual(await shown(namespace, 'nft'))
      expect(tools.started.length).toBe(saves)
    }
  })
})
