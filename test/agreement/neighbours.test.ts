import {readdirSync, readFileSync} from 'node:fs'
import {expect, test} from 'vitest'
import {type ClusterObjects, emptyCluster} from '../../core/kubernetes/objects.ts'
import {parseIpsetSave} from '../../core/linux/ipset/parse-save.ts'
import {indexIptablesSave} from '../../core/linux/iptables/save-index.ts'
import {SavedChains} from '../../core/linux/iptables/saved-chains.ts'
import {hostOf} from '../../core/linux/walk/host.ts'
import {savedRules, savedSets} from '../../core/linux/walk/node-rules.ts'
import {walk} from '../../core/linux/walk/walk.ts'
import type {Packet} from '../../core/net/packet.ts'
import {describePackets} from '../support/kernel/packets/describe.ts'
import {openPacketNode} from '../support/kernel/packets/packet-node.ts'

/* What other programs have on a node is loaded with a rule of Azure NPM, and packets say what passes. */

const folder = new URL('../fixtures/neighbours/', import.meta.url)
const names = readdirSync(folder, {withFileTypes: true}).flatMap(entry => (entry.isDirectory() ? [entry.name] : []))
const read = (name: string, file: string): string => readFileSync(new URL(`${name}/${file}`, folder), 'utf8')

const [boat, dock, quay, outside, node] = ['10.60.0.10', '10.60.0.20', '10.60.0.21', '203.0.113.9', '10.77.0.1'] as const
const pods = [
  {name: 'boat', ip: boat},
  {name: 'dock-0', ip: dock},
  {name: 'dock-1', ip: quay},
]

const cluster: ClusterObjects = {
  ...emptyCluster(),
  pods: pods.map(({name, ip}) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {name, namespace: 'sea'},
    spec: {nodeName: 'n1', containers: []},
    status: {podIP: ip, phase: 'Running'},
  })),
  nodes: [{metadata: {name: 'n1'}, status: {addresses: [{type: 'InternalIP', address: node}]}}],
}

const tcp = (source: string, destination: string, port: number): Packet => ({source, destination, protocol: 'tcp', port})
const packets: readonly Packet[] = [
  ...[80, 443, 8080, 9443, 30080, 18080].flatMap(port => [
    tcp(boat, dock, port),
    tcp(outside, dock, port),
    tcp(quay, dock, port),
    tcp(dock, boat, port),
    tcp(boat, outside, port),
  ]),
  {source: boat, destination: dock, protocol: 'udp', port: 53},
  {source: boat, destination: dock, protocol: 'icmp'},
  {source: outside, destination: boat, protocol: 'icmp'},
  {source: boat, destination: dock, protocol: 'sctp', port: 80},
  {...tcp(boat, dock, 8080), mark: 0x4000},
  {...tcp(boat, dock, 8080), mark: 0x10000},
  tcp(boat, '168.63.129.16', 80),
  tcp(boat, '10.0.0.78', 80),
  // The node itself.
  tcp(node, dock, 8080),
  tcp(outside, node, 18080),
  tcp(boat, node, 30080),
  tcp(outside, node, 30080),
  tcp(boat, node, 31234),
]

/** Interfaces on which verdicts rest: by which one a packet comes and goes is not known. All else is decided. */
const interfaces: Readonly<Record<string, RegExp>> = {
  calico: /not known: -[io] cali[+\da-f]+$/,
  weave: /not known: -[io] weave$/,
  docker: /not known: -i docker0$/,
}

/** Sentinels, by which the sender knows that all has arrived, pass whatever is loaded. */
const base = `*filter
${['INPUT', 'FORWARD', 'OUTPUT'].map(chain => `-A ${chain} -p 253 -j ACCEPT\n`).join('')}COMMIT
`

describePackets('what other programs have on a node', () => {
  test.each(names)('%s', {timeout: 60_000}, async name => {
    const rules = read(name, 'iptables-save.txt')
    const sets = read(name, 'ipset-save.txt')
    await using kernel = await openPacketNode({pods, externals: [outside], nodeAddress: node, base})
    await kernel.load(sets, rules)
    const arrived = await kernel.probe(packets)
    const saved = await kernel.save()
    const walked = savedRules(new SavedChains(indexIptablesSave([saved.rules])))
    const host = hostOf({node: 'n1', cluster}, walked)
    const index = savedSets({hasMembers: true, sets: new Map(parseIpsetSave([saved.sets]).sets.map(set => [set.name, set]))})
    const told = packets.map((packet, at) => {
      const {verdict, reason = ''} = walk(walked, index, packet, {host})
      const {source, destination, protocol, port = '', mark = 0} = packet
      return {packet: `${source} ${destination} ${protocol}/${port} mark ${mark}`, verdict, arrived: arrived[at], reason}
    })
    expect(told.filter(each => each.verdict !== 'unknown' && each.verdict !== each.arrived)).toEqual([])
    const undecided = told.filter(each => each.verdict === 'unknown')
    expect(undecided.filter(({reason}) => !interfaces[name]?.test(reason))).toEqual([])
    expect(undecided.length > 0).toBe(name in interfaces)
    expect(new Set(arrived)).toEqual(new Set(['accept', 'drop']))
  })
})
