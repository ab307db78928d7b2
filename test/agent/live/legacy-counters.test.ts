import {execFileSync} from 'node:child_process'
import {readFile} from 'node:fs/promises'
import {describe, expect, test} from 'vitest'
import {limits} from '../../../agent/limits/limits.ts'
import {KernelCounters, type KernelTools} from '../../../agent/live/kernel-counters.ts'
import {KernelError} from '../../../agent/native/kernel-error.ts'
import {clearCounters, findEntries} from '../../../agent/xtables/entries.ts'
import type {XtablesSocket} from '../../../agent/xtables/socket.ts'
import {describeKernel, kernelTest} from '../../support/kernel/describe.ts'
import {loadRules, loadSets} from '../../support/kernel/load.ts'
import {type Namespace, openNamespace} from '../../support/kernel/namespace.ts'
import {describePackets} from '../../support/kernel/packets/describe.ts'
import {openPacketNode} from '../../support/kernel/packets/packet-node.ts'
import {openCounters, packetsFor, plain, shown} from '../../support/live/counted.ts'
import {toolsInside} from '../../support/live/inside.ts'
import {shopLines} from '../../support/shop-nodes.ts'

/** Counters that the kernel's ip_tables tells, held to what iptables-legacy-save prints of the same kernel. */

const signal = new AbortController().signal
const fixtures = new URL('../../fixtures/', import.meta.url)

describePackets('legacy counters of what Azure NPM programs, while packets pass', () => {
  test.each([
    ...['v2-base36-legacy', 'v2-decimal-legacy', 'v1-legacy'].map(name => `captures/${name}`),
    'real-npm/freight-legacy',
  ])('%s: the kernel tells what the tool prints', async name => {
    const file = (each: string) => readFile(new URL(`${name}/${each}`, fixtures), 'utf8')
    const [sets, rules] = [await file('ipset-save.txt'), await file('iptables-save.txt')]
    await using packetNode = await openPacketNode({pods: [], externals: 'any', backend: 'legacy'})
    const {node} = packetNode
    await packetNode.load(sets, rules)
    const counters = await openCounters(node, 'legacy')
    await counters.read()
    const packets = packetsFor(sets, rules)
    for (const some of [packets, packets.slice(0, 7), [], packets.slice(7, 20)]) {
      if (some.length > 0) await packetNode.probe(some)
      const {counters: read, saves} = await counters.read()
      expect({saves, ...plain(read)}).toEqual({saves: 0, ...(await shown(node, 'legacy'))})
    }
    expect((await counters.kernel.rules(signal)).packets.some(count => count > 0)).toBe(true)
  })
})

const {sets, rules} = shopLines
const chain = /^:(AZURE-NPM-INGRESS-(?!ALLOW)\S+)/m.exec(rules.join('\n'))?.[1] ?? ''
const own = rules.filter(rule => rule.startsWith(`-A ${chain} `))
const save = (lines: readonly string[]) => `*filter\n${lines.join('\n')}\nCOMMIT\n`

async function load(namespace: Namespace): Promise<void> {
  await loadSets(namespace, sets.join('\n'))
  await loadRules(namespace, 'legacy', `${rules.join('\n')}\n`)
}

describeKernel('legacy rules that change between reads', () => {
  async function loaded(namespace: Namespace) {
    await load(namespace)
    const counters = await openCounters(namespace, 'legacy')
    await counters.read()
    return counters
  }

  describe.each<[string, (namespace: Namespace) => Promise<unknown>]>([
    ['a rule more', namespace => namespace.run('iptables-legacy', ['-I', 'AZURE-NPM', '1', '-p', 'sctp', '-j', 'RETURN'])],
    ['a chain flushed', namespace => namespace.run('iptables-legacy', ['-F', chain])],
    [
      'another rule of another program',
      namespace => namespace.run('iptables-legacy', ['-I', 'FORWARD', '1', '-p', 'sctp', '-j', 'DROP']),
    ],
    [
      'a rule replaced by one that counts from 5',
      namespace => namespace.run('iptables-legacy', ['-R', chain, '1', '-c', '5', '700', '-j', 'DROP']),
    ],
    [
      'two rules in the place of each other, of the same size',
      namespace => loadRules(namespace, 'legacy', save([`:${chain} - [0:0]`, ...own.slice(1), own[0] as string])),
    ],
  ])('%s', (_, change) => {
    kernelTest('is read by the tool, once', async namespace => {
      const {read} = await loaded(namespace)
      await change(namespace)
      const first = await read()
      expect({saves: first.saves, ...plain(first.counters)}).toEqual({saves: 1, ...(await shown(namespace, 'legacy'))})
      const second = await read()
      expect(second.saves).toBe(0)
      expect(plain(second.counters)).toEqual(plain(first.counters))
    })
  })

  kernelTest('counters that are set or reset, and rules of other tables, do not bring the tool back', async namespace => {
    const {read} = await loaded(namespace)
    const changes: readonly (readonly [string, number])[] = [
      [`iptables-legacy -R ${chain} 1 -c 5 7000000000 ${own[0]?.slice(`-A ${chain} `.length)}`, 5],
      [
        `printf '${save([`:${chain} - [0:0]`, ...own.map(rule => `[3:9] ${rule}`)]).replaceAll('\n', '\\n')}' | iptables-legacy-restore --noflush -c`,
        3,
      ],
      ['iptables-legacy -t nat -A POSTROUTING -j MASQUERADE; iptables-nft -A FORWARD -j ACCEPT', 3],
      ['iptables-legacy -Z', 0],
    ]
    for (const [change, most] of changes) {
      await namespace.run('sh', ['-c', change])
      const {counters, saves} = await read()
      expect({saves, ...plain(counters)}, change).toEqual({saves: 0, ...(await shown(namespace, 'legacy'))})
      expect(Math.max(...counters.packets), change).toBe(most)
    }
  })

  kernelTest('a change in the middle of a read is seen', async namespace => {
    await load(namespace)
    const tools = await toolsInside(namespace, 'legacy')
    const open = await tools.xtables()
    let asked = 0
    let changeAt = Number.POSITIVE_INFINITY
    /** Writes a rule before the question that is told. */
    const racing = (): XtablesSocket => {
      const socket = open()
      const change = () => {
        if (++asked === changeAt) {
          const rule = [
            '-c',
            String(asked),
            '9',
            '-p',
            asked % 2 ? 'tcp' : 'udp',
            ...(asked % 3 ? [] : ['-s', '10.0.0.1']),
            '-j',
            'DROP',
          ]
          execFileSync('ip', ['netns', 'exec', namespace.name, 'iptables-legacy', asked % 4 ? '-R' : '-I', chain, '1', ...rule])
        }
      }
      return {
        info: table => {
          change()
          return socket.info(table)
        },
        entries: (...args) => {
          change()
          return socket.entries(...args)
        },
        [Symbol.dispose]: () => socket[Symbol.dispose](),
      }
    }
    const kernel = new KernelCounters({...tools, xtables: async () => racing}, limits)
    await kernel.rules(signal)
    for (let at = 1; at < 12; at++) {
      changeAt = asked + at
      const counters = await kernel.rules(signal)
      // Written behind the last question, it is seen by the next read.
      if (asked < changeAt) break
      expect(plain(counters)).toEqual(await shown(namespace, 'legacy'))
    }
    expect(asked).toBeLessThan(changeAt)
  })

  kernelTest('what a table had counted that is put in the place of another one is not taken for nothing', async namespace => {
    await load(namespace)
    const tools = await toolsInside(namespace, 'legacy')
    await namespace.run('iptables-legacy', ['-R', chain, '1', '-c', '5', '700', '-j', 'DROP'])
    const open = await tools.xtables()
    let isReplacing = false
    /** As the kernel answers between the two requests by which a tool changes a table. */
    const replacing = (): XtablesSocket => {
      const socket = open()
      return {
        info: table => socket.info(table),
        entries: (...args) => {
          const entries = socket.entries(...args)
          if (isReplacing && entries) clearCounters(entries, findEntries(entries, socket.info('filter')).all)
          isReplacing = false
          return entries
        },
        [Symbol.dispose]: () => socket[Symbol.dispose](),
      }
    }
    const kernel = new KernelCounters({...tools, xtables: async () => replacing}, limits)
    await kernel.rules(signal)
    isReplacing = true
    expect((await kernel.rules(signal)).packets).toContain(5)
    expect(isReplacing).toBe(false)
  })
})

describeKernel('where the kernel does not give its legacy tables', () => {
  test.each<[string, NonNullable<KernelTools['xtables']>]>([
    ['koffi is not there', async () => undefined],
    ['a C library lacks what is needed', () => Promise.reject(new Error('no such function'))],
    [
      'the kernel refuses',
      async () => () => {
        throw new KernelError('no socket', 1)
      },
    ],
  ])('%s: the tool is asked each time', async (_, xtables) => {
    await using namespace = await openNamespace()
    await load(namespace)
    const tools = await toolsInside(namespace, 'legacy')
    const kernel = new KernelCounters({...tools, xtables}, limits)
    await kernel.rules(signal)
    for (const saves of [1, 2]) {
      const before = tools.started.length
      expect(plain(await kernel.rules(signal)), String(saves)).toEqual(await shown(namespace, 'legacy'))
      expect(tools.started.slice(before)).toEqual(['iptables-legacy-save'])
    }
  })

  kernelTest('a tool that tells of other rules than the kernel has is believed, and nothing is mixed', async namespace => {
    await load(namespace)
    const tools = await toolsInside(namespace, 'legacy')
    await using other = await openNamespace()
    await other.run('iptables-legacy', ['-N', 'OTHER'])
    const kernel = new KernelCounters({...tools, xtables: (await toolsInside(other)).xtables}, limits)
    await kernel.rules(signal)
    const before = tools.started.length
    expect(plain(await kernel.rules(signal))).toEqual(await shown(namespace, 'legacy'))
    expect(tools.started.slice(before)).toEqual(['iptables-legacy-save'])
  })

  kernelTest('whether there are legacy tables is not known: nothing is told, rather than the rules of nft', async namespace => {
    await loadSets(namespace, sets.join('\n'))
    await loadRules(namespace, 'nft', rules.join('\n'))
    const tools = await toolsInside(namespace)
    const legacyTables = () => Promise.reject(new Error('the kernel did not answer within 2 s'))
    await expect(new KernelCounters({...tools, legacyTables}, limits).rules(signal)).rejects.toThrow(
      /counters of this node cannot be read: whether there are legacy tables is unknown: the kernel did not answer/,
    )
  })
})
