import {readdirSync} from 'node:fs'
import {fc} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import {agreement, type Disagreement} from '../../../core/agreement/agreement.ts'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import {parseIpv4, printIpv4} from '../../../core/net/ipv4.ts'
import type {Packet} from '../../../core/net/packet.ts'
import type {EndClass} from '../../../core/packets/end-classes.ts'
import {serviceNumber} from '../../../core/packets/services.ts'
import {Evaluator} from '../../../core/policy/evaluate.ts'
import {Random} from '../../../scripts/bench/random.ts'
import {fixture} from '../../support/plugin/run-cli.ts'
import {dumpOf, fixtureText} from '../../support/read-capture.ts'

/** Random packets in all, each of which is compared. */
const PACKETS = Number(process.env['VERIFIED_PACKETS'] ?? 1_000_000)

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

/** Random packets cost more to make one by one than to judge: so many ends and services are made, and put together anew each time. */
const KINDS = 5000

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

/** Disagreements, found by the class of their receiver. */
class Told {
  private readonly byReceiver = new Map<EndClass, {readonly each: Disagreement; readonly senders: ReadonlySet<EndClass>}[]>()

  constructor(disagreements: Iterable<Disagreement>) {
    for (const each of disagreements) {
      const senders = new Set([...each.senders].map(index => each.product.senders[index] as EndClass))
      const known = this.byReceiver.get(each.receiver)
      if (known) known.push({each, senders})
      else this.byReceiver.set(each.receiver, [{each, senders}])
    }
  }

  /** What is told of packets of a service between two classes of ends. */
  of(from: readonly EndClass[], to: readonly EndClass[], service: number): string[] {
    const effects = new Set<string>()
    for (const receiver of to)
      for (const {each, senders} of this.byReceiver.get(receiver) ?? [])
        if (each.from <= service && service <= each.to && from.some(end => senders.has(end))) effects.add(each.effect)
    return [...effects]
  }
}

const isDeniedByPlatform = ({platformDenials = []}: NodeState, {destination, protocol, port}: Packet): boolean => {
  const service = serviceNumber(protocol, port)
  return platformDenials.some(
    ({address, services: denied}) => address === destination && denied.from <= service && service <= denied.to,
  )
}

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
    const told = new Told(disagreements)
    const evaluator = new Evaluator(cluster)
    const most = Math.ceil(PACKETS / folders.length)
    const ends = fc.sample(addresses(node), {numRuns: KINDS, seed: 7})
    const kinds = fc.sample(services, {numRuns: KINDS, seed: 8})
    const random = new Random(9)
    let compared = 0
    for (let tried = 0; compared < most && tried < most * 20; tried++) {
      const [from, to, service] = [random.pick(ends), random.pick(ends), random.pick(kinds)]
      const [senders, receivers] = [packets.classesAt(from), packets.classesAt(to)]
      const isCompared = packets.products.some(
        product => senders.some(end => product.senders.includes(end)) && receivers.some(end => product.receivers.includes(end)),
      )
      if (!isCompared || from === to) continue
      const packet: Packet = {source: printIpv4(from), destination: printIpv4(to), ...service}
      const walk = node.walk(packet)
      // Packets to services are judged at the pods behind them. Of those that may be the node's own a walk alone knows nothing; here they
      // are taken for forwarded.
      if (walk.translated || walk.ways || walk.verdict === 'unknown') continue
      const meant = evaluator.evaluate(packet)
      if (meant.exempt) continue
      // What the platform keeps pods from counts for right.
      if (walk.verdict === 'drop' && isDeniedByPlatform(node, packet)) continue
      const number = serviceNumber(service.protocol, 'port' in service ? service.port : undefined)
      const effects = told.of(senders, receivers, number)
      const wanted = EFFECTS[`${walk.verdict} ${meant.verdict}`] ?? ['unknown']
      if (effects.join() !== wanted.join()) expect([packet, ...effects]).toEqual([packet, ...wanted])
      compared++
    }
    expect(compared).toBe(most)
  })
})
