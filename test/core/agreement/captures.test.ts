import {readdirSync} from 'node:fs'
import {fc} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import {agreement} from '../../../core/agreement/agreement.ts'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import {parseIpv4, printIpv4} from '../../../core/net/ipv4.ts'
import type {Packet} from '../../../core/net/packet.ts'
import {serviceNumber} from '../../../core/packets/services.ts'
import {Evaluator} from '../../../core/policy/evaluate.ts'
import {fixture} from '../../support/plugin/run-cli.ts'
import {dumpOf, fixtureText} from '../../support/read-capture.ts'

/** Random packets for each node; a million in all by hand. */
const PACKETS = Number(process.env['VERIFIED_PACKETS'] ?? 1500)

const folders = ['captures', 'real-npm'].flatMap(folder =>
  readdirSync(fixture(folder))
    .filter(name => !name.includes('.'))
    .map(name => `${folder}/${name}`),
)

const nodeOf = (folder: string): Promise<NodeState> =>
  dumpOf(
    ...readdirSync(fixture(folder))
      .filter(name => /^(?:iptables-save|ipset-save|cluster)\.(?:txt|json|yaml)$/.test(name))
      .map(name => fixtureText(`${folder}/${name}`)),
  )

/** Addresses near everything that the node and its cluster name, and any others. */
function addresses(node: NodeState): fc.Arbitrary<number> {
  const named = [...(node.sets?.values() ?? [])].flatMap(({members}) => members.map(({entry}) => entry.split(/[/,]/)[0] ?? ''))
  const blocks = node.ruleBlocks().map(block => block.split('/')[0] ?? '')
  const pods = (node.cluster?.pods ?? []).map(({status}) => status?.podIP ?? '')
  const known = [...new Set([...named, ...blocks, ...pods])].flatMap(text => parseIpv4(text) ?? [])
  return fc.oneof(
    {weight: 6, arbitrary: fc.constantFrom(...pods.flatMap(text => parseIpv4(text) ?? []))},
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom(...known), fc.integer({min: -1, max: 300}))
        .map(([base, more]) => Math.max(0, base + more)),
    },
    {weight: 1, arbitrary: fc.nat(0xffffffff)},
  )
}

const services = fc.oneof(
  fc.record({
    protocol: fc.constantFrom('tcp' as const, 'udp' as const, 'sctp' as const),
    port: fc.constantFrom(53, 80, 443, 5432, 8080, 8081, 9102, 30_005),
  }),
  fc.record({protocol: fc.constantFrom('tcp' as const, 'udp' as const), port: fc.nat(65_535)}),
  fc.constant({protocol: 'icmp' as const}),
)

const EFFECTS: Readonly<Record<string, readonly string[]>> = {
  'accept drop': ['open'],
  'drop accept': ['closed'],
  'accept accept': [],
  'drop drop': [],
}

describe('what is told of a node that was captured is what each packet alone shows:', () => {
  test.each(folders)('%s', async folder => {
    const node = await nodeOf(folder)
    const cluster = node.cluster
    if (!cluster) return
    const {packets, disagreements} = agreement(node, cluster)
    const found = [...disagreements]
    const evaluator = new Evaluator(cluster)
    const [ends, counts] = [addresses(node), {compared: 0}]
    for (const [from, to, service] of fc.sample(fc.tuple(ends, ends, services), {numRuns: PACKETS, seed: 7})) {
      const packet: Packet = {source: printIpv4(from), destination: printIpv4(to), ...service}
      const [senders, receivers] = [packets.classesAt(from), packets.classesAt(to)]
      const isCompared = packets.products.some(
        product => senders.some(end => product.senders.includes(end)) && receivers.some(end => product.receivers.includes(end)),
      )
      const meant = evaluator.evaluate(packet)
      const walk = node.walk(packet)
      // Packets to services are judged at the pods behind them.
      if (!isCompared || from === to || meant.exempt || walk.translated || walk.ways) continue
      const number = serviceNumber(service.protocol, 'port' in service ? service.port : undefined)
      const told = found
        .filter(each => each.from <= number && number <= each.to && receivers.includes(each.receiver))
        .filter(({senders: bits, product}) => senders.some(end => bits.has(product.senders.indexOf(end))))
        .map(({effect}) => effect)
      // Of packets that may be the node's own a walk alone knows nothing; here they are taken for forwarded.
      if (walk.verdict === 'unknown') continue
      expect([packet, ...new Set(told)]).toEqual([packet, ...(EFFECTS[`${walk.verdict} ${meant.verdict}`] ?? ['unknown'])])
      counts.compared++
    }
    expect(counts.compared).toBeGreaterThan(PACKETS / 10)
  })
})
