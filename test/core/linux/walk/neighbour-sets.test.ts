import {readdirSync, readFileSync} from 'node:fs'
import {expect, test} from 'vitest'
import {emptyCluster} from '../../../../core/kubernetes/objects.ts'
import {parseIpsetSave} from '../../../../core/linux/ipset/parse-save.ts'
import {indexIptablesSave} from '../../../../core/linux/iptables/save-index.ts'
import {SavedChains} from '../../../../core/linux/iptables/saved-chains.ts'
import {hostOf} from '../../../../core/linux/walk/host.ts'
import {savedRules, savedSets} from '../../../../core/linux/walk/node-rules.ts'
import {walk} from '../../../../core/linux/walk/walk.ts'
import {SetWalker} from '../../../../core/linux/walk/walk-sets.ts'
import {parseIpv4} from '../../../../core/net/ipv4.ts'
import type {Packet} from '../../../../core/net/packet.ts'
import {allServices, serviceNumber} from '../../../../core/packets/services.ts'

/* Packets that the node forwards, walked as sets through what other programs write, are judged as each of them alone. */

const folder = new URL('../../../fixtures/neighbours/', import.meta.url)
const names = readdirSync(folder, {withFileTypes: true}).flatMap(entry => (entry.isDirectory() ? [entry.name] : []))
const read = (name: string, file: string): string => readFileSync(new URL(`${name}/${file}`, folder), 'utf8')

const pods = ['10.60.0.10', '10.60.0.20', '10.60.0.21']
const addresses = [...pods, '203.0.113.9', '203.0.113.200', '198.18.0.1', '172.17.0.2', '10.1.2.3']
const numbers = addresses.map(address => parseIpv4(address) ?? 0)
const services: readonly Pick<Packet, 'protocol' | 'port'>[] = [
  ...(['tcp', 'udp', 'sctp'] as const).flatMap(protocol =>
    [1, 53, 80, 81, 8080, 9443, 15_000, 18_080, 30_080, 31_234].map(port => ({protocol, port})),
  ),
  {protocol: 'icmp'},
]
const cluster = {
  ...emptyCluster(),
  pods: pods.map((podIP, at) => ({
    metadata: {name: `pod-${at}`, namespace: 'sea'},
    spec: {nodeName: 'n1', containers: []},
    status: {podIP, phase: 'Running'},
  })),
  nodes: [{metadata: {name: 'n1'}, status: {addresses: [{type: 'InternalIP', address: '10.77.0.1'}]}}],
}

test.each(names)('%s', name => {
  const rules = savedRules(new SavedChains(indexIptablesSave([read(name, 'iptables-save.txt')])))
  const known = new Map(parseIpsetSave([read(name, 'ipset-save.txt')]).sets.map(set => [set.name, set]))
  const sets = savedSets({hasMembers: true, sets: known})
  const host = {...hostOf({node: 'n1', cluster, sets: known}, rules), onlyForwards: true}
  const walker = new SetWalker(rules, sets, {senders: numbers, receivers: numbers, services: [allServices]}, host)
  const wrong: string[] = []
  let decided = 0
  for (const [receiver, destination] of addresses.entries()) {
    const parts = walker.judge(receiver)
    for (const [sender, source] of addresses.entries())
      for (const service of services) {
        const number = serviceNumber(service.protocol, service.port)
        const {verdict, reason} = walk(rules, sets, {source, destination, ...service}, {host})
        const holding = parts.filter(({from, to, senders}) => from <= number && number <= to && senders.has(sender))
        const verdicts = [...new Set(holding.map(part => part.verdict))]
        const together = verdicts.length === 1 ? verdicts[0] : 'unknown'
        if (verdict !== 'unknown') decided++
        if (together !== verdict)
          wrong.push(
            `${source} -> ${destination} ${service.protocol}/${service.port}: ${verdict}, as sets ${together} (${reason})`,
          )
      }
  }
  expect(wrong).toEqual([])
  // By which interface a pod sends and receives is not known, and nearly all rests on it where these are.
  expect(decided > 20).toBe(name !== 'calico' && name !== 'weave')
})
