import {limits} from '../../../agent/limits/limits.ts'
import {KernelCounters} from '../../../agent/live/kernel-counters.ts'
import type {RuleCounters} from '../../../core/dataplane/rule-counters.ts'
import {readRuleCounters} from '../../../core/linux/counters/read-counters.ts'
import type {Packet} from '../../../core/net/packet.ts'
import {saveRules} from '../kernel/load.ts'
import type {Namespace} from '../kernel/namespace.ts'
import type {Backend} from '../kernel/tools.ts'
import {toolsInside} from './inside.ts'

const signal = new AbortController().signal

/** A reader of the counters of a namespace. */
export async function openCounters(namespace: Namespace, backend: Backend = 'nft') {
  const tools = await toolsInside(namespace, backend)
  const kernel = new KernelCounters(tools, limits)
  return {
    kernel,
    tools,
    /** What was read, and how often the tool was asked for it. */
    read: async () => {
      const before = tools.started.length
      const counters = await kernel.rules(signal)
      return {counters, saves: tools.started.length - before}
    },
  }
}

export const plain = ({structure, packets, bytes, hasCounters, otherRules}: RuleCounters) => ({
  rules: structure.rules,
  packets: [...packets],
  bytes: [...bytes],
  hasCounters,
  otherRules,
})

/** What the tool prints. */
export const shown = async (namespace: Namespace, backend: Backend) =>
  plain(readRuleCounters([await saveRules(namespace, backend)]))

/** Packets between addresses that the sets have, to ports that rules name, and to others. */
export function packetsFor(sets: string, rules: string): Packet[] {
  const addresses = [
    ...new Set(Array.from(sets.matchAll(/^add \S+ (\d+\.\d+\.\d+\.\d+)(?=[,\s])/gm), found => found[1] as string)),
  ]
  const ports = [...new Set(Array.from(rules.matchAll(/--dports? (\d+)/g), found => Number(found[1])))].slice(0, 4)
  return addresses
    .slice(0, 12)
    .flatMap((source, index) =>
      [addresses[(index + 1) % addresses.length], addresses[(index * 5 + 3) % addresses.length], '10.99.1.1'].flatMap(
        destination => [...ports, 9].map((port): Packet => ({source, destination: destination as string, protocol: 'tcp', port})),
      ),
    )
}
