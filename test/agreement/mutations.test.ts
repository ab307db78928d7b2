import {describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import type {NodeState} from '../../core/dataplane/dataplane.ts'
import {compareNode} from '../../core/drift/compare-node.ts'
import {readDump} from '../../core/dump/read-dump.ts'
import {readClusterObjects} from '../../core/kubernetes/read-objects.ts'
import {compile} from '../../core/linux/compile/compile.ts'
import {printIpsetRestore, printIptablesRestore} from '../../core/linux/compile/print.ts'
import {setKernelName} from '../../core/names/kernel-name.ts'
import type {Packet} from '../../core/net/packet.ts'
import type {CompileOptions} from '../../core/policy/program.ts'
import {openBakery, pods} from '../support/kernel/packets/bakery.ts'
import {describePackets} from '../support/kernel/packets/describe.ts'
import type {PacketNode} from '../support/kernel/packets/packet-node.ts'
import {backends} from '../support/kernel/tools.ts'
import {program} from '../support/programs/program.ts'

/** A node broken by hand: what diff says that each change lets through or drops, real packets must confirm. */

const current = program('v2-base36')
const {cluster, chains} = current
const chainOf = (policy: string, direction: string) =>
  [...chains].find(([, owner]) => owner.policy === policy && owner.direction === direction)?.[0] ?? raise(`no chain of ${policy}`)
const set = (name: string) => setKernelName(name, 'sha256')

interface Change {
  readonly what: string
  /** Words of one ipset or iptables call. */
  readonly command: readonly string[]
  readonly effect: 'open' | 'closed' | 'none'
}

const ipset = (...words: string[]) => ['ipset', ...words]
const iptables = (...words: string[]) => ['iptables', ...words]

const currentChanges: Change[] = [
  {
    what: 'a pod is missing from a set that allows',
    command: ipset('del', set('podlabel-app:till'), '10.60.0.20'),
    effect: 'open',
  },
  {
    what: 'a pod is missing from a set that selects and allows',
    command: ipset('del', set('podlabel-app:oven'), '10.60.0.10'),
    effect: 'closed',
  },
  {
    what: 'a pod is missing from the namespace that is denied',
    command: ipset('del', set('ns-bakery'), '10.60.0.12'),
    effect: 'open',
  },
  {what: 'a stranger is in a set that allows', command: ipset('add', set('podlabel-app:till'), '10.60.1.22'), effect: 'open'},
  {what: 'a stranger is in a set that selects', command: ipset('add', set('podlabel-app:taster'), '10.60.1.22'), effect: 'none'},
  {
    what: 'an exception is missing',
    command: ipset('del', set('cidr-ledger-in-ns-books:in-ns:bakery-0-0IN'), '172.20.1.0/24'),
    effect: 'open',
  },
  {
    what: 'a block is missing',
    command: ipset('del', set('cidr-ledger-in-ns-books:in-ns:bakery-0-0IN'), '172.20.0.0/16'),
    effect: 'closed',
  },
  {what: 'a named port is missing', command: ipset('del', set('namedport:metrics'), '10.60.0.10,tcp:9102'), effect: 'closed'},
  {what: 'a named port too many', command: ipset('add', set('namedport:metrics'), '10.60.0.10,tcp:9999'), effect: 'open'},
  {
    what: 'a namespace is missing from a list',
    command: ipset('del', set('nslabel-team:sales'), set('ns-storefront')),
    effect: 'closed',
  },
  {
    what: 'a namespace too many in an exclusion',
    command: ipset('add', set('nslabel-team:guests'), set('ns-wholesale')),
    effect: 'closed',
  },
  {what: 'a rule that allows is missing', command: iptables('-D', chainOf('bakery/oven', 'Ingress'), '2'), effect: 'closed'},
  {
    what: 'the default drop of the namespace is missing, but others drop',
    command: iptables('-D', chainOf('bakery/oven', 'Ingress'), '4'),
    effect: 'none',
  },
  {what: 'the only default drop is missing', command: iptables('-D', chainOf('lab/taster', 'Ingress'), '3'), effect: 'open'},
  {
    what: 'ingress marks are not looked at',
    command: iptables(
      '-D',
      'AZURE-NPM-INGRESS',
      '-m',
      'mark',
      '--mark',
      '0x400/0x400',
      '-m',
      'comment',
      '--comment',
      'DROP-ON-INGRESS-DROP-MARK-0x400/0x400',
      '-j',
      'DROP',
    ),
    effect: 'open',
  },
  {what: 'the first jump to a policy is missing', command: iptables('-D', 'AZURE-NPM-EGRESS', '1'), effect: 'open'},
  {
    what: 'a hole for one address',
    command: iptables('-I', 'AZURE-NPM-INGRESS', '1', '-s', '203.0.113.9', '-j', 'AZURE-NPM-INGRESS-ALLOW-MARK'),
    effect: 'open',
  },
  {
    what: 'a wall for one port',
    command: iptables('-I', 'AZURE-NPM', '1', '-p', 'udp', '--dport', '53', '-j', 'DROP'),
    effect: 'closed',
  },
]

/** The same bakery as older releases program it. */
function compiled(options: Omit<CompileOptions, 'scheme' | 'semantics'>): {sets: string; rules: string} {
  const objects = readClusterObjects(parse(cluster)).objects
  const asked = compile(objects, {scheme: 'fnv32a', semantics: 'npm', ...options})
  const text = (lines: Iterable<string>): string => [...lines].map(line => `${line}\n`).join('')
  return {sets: text(printIpsetRestore(asked)), rules: text(printIptablesRestore(asked))}
}

const oldSet = (name: string) => setKernelName(name, 'fnv32a')

const oldMarkChanges: Change[] = [
  {what: 'a pod is missing from a set', command: ipset('del', oldSet('podlabel-app:oven'), '10.60.0.10'), effect: 'closed'},
  {
    what: 'ingress marks are not looked at',
    command: iptables(
      ...'-D AZURE-NPM-INGRESS -m mark --mark 0x4000 -m comment --comment DROP-ON-INGRESS-DROP-MARK-0x4000 -j DROP'.split(' '),
    ),
    effect: 'open',
  },
  {what: 'marks are not taken away in the end', command: iptables('-D', 'AZURE-NPM-ACCEPT', '1'), effect: 'none'},
]

const v1Changes: Change[] = [
  {
    what: 'a pod is missing from a set that selects and allows',
    command: ipset('del', oldSet('app:oven'), '10.60.0.10'),
    effect: 'closed',
  },
  {
    what: 'a pod is missing from the namespace that is denied',
    command: ipset('del', oldSet('ns-bakery'), '10.60.0.12'),
    effect: 'open',
  },
  {what: 'a stranger is in a set that allows', command: ipset('add', oldSet('app:till'), '10.60.1.22'), effect: 'open'},
  {
    what: 'an exception is missing',
    command: ipset('del', oldSet('ledger-in-ns-books-in-ns-bakery-0in'), '172.20.1.0/24'),
    effect: 'open',
  },
  {what: 'the first rule with a port is missing', command: iptables('-D', 'AZURE-NPM-INGRESS-PORT', '1'), effect: 'closed'},
  {what: 'drops are not reached', command: iptables('-D', 'AZURE-NPM-INGRESS', '3'), effect: 'open'},
  {what: 'allowed packets are not spared the drops', command: iptables('-D', 'AZURE-NPM-INGRESS', '2'), effect: 'none'},
  {
    what: 'a hole for one address',
    command: iptables('-I', 'AZURE-NPM', '1', '-s', '203.0.113.9', '-j', 'ACCEPT'),
    effect: 'open',
  },
]

const nodes: readonly {name: string; sets: string; rules: string; changes: readonly Change[]}[] = [
  {name: 'of today', ...current, changes: currentChanges},
  {name: 'of v1.4.23', ...compiled({release: 'v1.4.21'}), changes: oldMarkChanges},
  {name: 'of NPM v1', ...compiled({generation: 'v1'}), changes: v1Changes},
]

const addresses = [...pods.map(({ip}) => ip), '203.0.113.9', '172.20.5.5', '172.20.1.7']
const ports = [
  ['tcp', 8080],
  ['tcp', 9000],
  ['tcp', 9102],
  ['tcp', 9999],
  ['tcp', 5432],
  ['udp', 53],
  ['sctp', 7400],
  ['tcp', 443],
] as const
const packets: Packet[] = addresses.flatMap(source =>
  addresses.flatMap(destination =>
    source === destination ? [] : ports.map(([protocol, port]) => ({source, destination, protocol, port})),
  ),
)

async function dumpOf(node: PacketNode): Promise<NodeState> {
  const saved = await node.save()
  const document = (name: string, text: string) => ({name, folder: '', text: [text]})
  const {nodes} = await readDump([document('rules', saved.rules), document('sets', saved.sets), document('cluster', cluster)])
  return nodes[0] ?? raise('no dump')
}

async function dumpAndCompare(node: PacketNode): Promise<ReturnType<typeof compareNode>> {
  const dump = await dumpOf(node)
  return compareNode(dump.cluster ?? raise('no cluster'), dump)
}

describePackets('a bakery node broken by hand', () => {
  describe.each(backends)('%s', backend => {
    test.each(nodes)('$name does what diff says of each change', async ({sets, rules, changes}) => {
      await using node = await openBakery('', backend)
      await node.load(sets, rules)
      const before = await node.probe(packets)
      expect((await dumpAndCompare(node)).items).toEqual([])
      for (const {what, command, effect} of changes) {
        await node.load(sets, rules)
        const [tool = '', ...words] = command
        await node.node.run(tool === 'iptables' ? `iptables-${backend}` : tool, words)
        const drift = await dumpAndCompare(node)
        const after = await node.probe(packets)
        const opened = packets.filter((_, index) => before[index] === 'drop' && after[index] === 'accept')
        const closed = packets.filter((_, index) => before[index] === 'accept' && after[index] === 'drop')
        const measured = opened.length > 0 ? 'open' : closed.length > 0 ? 'closed' : 'none'
        expect({what, measured, said: drift.items.map(item => item.effect)}).toEqual({what, measured: effect, said: [effect]})
      }
    })
  })
})

function raise(message: string): never {
  throw new Error(message)
}
