import {fc, test} from '@fast-check/vitest'
import {describe, expect} from 'vitest'
import {incompleteObjects} from '../../../core/kubernetes/completeness.ts'
import {type ObjectKind, objectKinds} from '../../../core/kubernetes/given-objects.ts'
import type {ClusterObjects} from '../../../core/kubernetes/objects.ts'
import {printIpv4} from '../../../core/net/ipv4.ts'
import type {Packet} from '../../../core/net/packet.ts'
import {PolicyPackets} from '../../../core/packets/policy-packets.ts'
import {serviceNumber} from '../../../core/packets/services.ts'
import {Evaluator} from '../../../core/policy/evaluate.ts'
import {type End, PacketEnds} from '../../../core/policy/packet-ends.ts'
import {cluster} from '../../support/arbitrary-cluster.ts'

const OTHERS = ['203.0.113.5', '203.0.113.200', '198.51.100.1', '10.1.0.2', '10.1.0.99', '192.168.0.4', '192.168.0.5']
const nodes = ['node', 'other'].map((name, index) => ({
  metadata: {name},
  status: {addresses: [{type: 'InternalIP', address: `192.168.0.${4 + index}`}]},
}))

/** A cluster of which some kinds of objects were not given, or not all of them. */
const partly = fc
  .tuple(cluster, fc.subarray([...objectKinds]), fc.subarray(['pods', 'policies'] as const), fc.boolean(), fc.boolean())
  .map(([whole, absent, cut, isWhole, hasNodes]): ClusterObjects => {
    const objects = {...whole, nodes: hasNodes ? nodes : []}
    if (isWhole) return objects
    const kinds = objectKinds.filter(kind => !absent.includes(kind))
    const left = Object.fromEntries(objectKinds.map(kind => [kind, kinds.includes(kind) ? objects[kind] : []])) as Record<
      ObjectKind,
      never[]
    >
    const gaps = cut.map(kind => ({kind, reason: 'the list ends early', next: 'Take it again.'}))
    return {...left, given: {kinds, gaps}}
  })

const services: Pick<Packet, 'protocol' | 'port'>[] = [
  ...(['tcp', 'udp', 'sctp'] as const).flatMap(protocol =>
    [0, 79, 80, 81, 82, 90, 91, 8080, 65_535].map(port => ({protocol, port})),
  ),
  {protocol: 'icmp'},
]

function endsOf(objects: ClusterObjects): End[] {
  const known = new PacketEnds(objects, incompleteObjects(objects))
  const addresses = [...new Set([...objects.pods.map(({status}) => status?.podIP ?? ''), ...OTHERS])]
  return addresses.flatMap(address => known.at(address))
}

describe('what policies mean for sets of packets', () => {
  test.prop([partly], {numRuns: Number(process.env['PACKET_SET_RUNS'] ?? 60)})('is what they mean for each packet', objects => {
    const ends = endsOf(objects)
    const evaluator = new Evaluator(objects)
    const together = new PolicyPackets(objects, {senders: ends, receivers: ends})
    for (const [to, receiver] of ends.entries()) {
      const parts = together.allowed(to)
      for (const [from, sender] of ends.entries()) {
        // Whether two addresses without a pod are one end is no question to policies.
        if (sender.address === receiver.address && sender.pod === undefined) continue
        for (const service of services) {
          const packet = {source: printIpv4(sender.address ?? 0), destination: printIpv4(receiver.address ?? 0), ...service}
          const {verdict} = evaluator.evaluate(packet, {source: sender.pod, destination: receiver.pod})
          const number = serviceNumber(service.protocol, service.port)
          const [part, ...more] = parts.filter(each => each.from <= number && number <= each.to)
          const meant = part?.certain.has(from) ? 'accept' : part?.possible.has(from) ? 'unknown' : 'drop'
          expect([packet, meant, more.length]).toEqual([packet, verdict, 0])
        }
      }
    }
  })
})
