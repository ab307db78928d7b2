import {type Disagreement, examplePacket} from '../agreement/agreement.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import type {Walk} from '../dataplane/walk.ts'
import {policyAddress} from '../kubernetes/pod-filter.ts'
import {printIpv4} from '../net/ipv4.ts'
import type {Packet} from '../net/packet.ts'
import {protocolName} from '../net/protocols.ts'
import type {EndClass} from '../packets/end-classes.ts'
import {protocolAt, type ServiceRange, serviceAt} from '../packets/services.ts'
import {endName} from './end-names.ts'

/** What should happen to a packet, and why. */
export interface Expectation {
  readonly verdict: Walk['verdict']
  readonly reason: string
  /** Equal for packets that are to be judged so for one reason. */
  readonly key: string
}

/** Packets that are judged otherwise for what seems one reason. */
export interface DisagreementGroup {
  readonly effect: Disagreement['effect']
  /** The clearest packet, as it is sent. */
  example: Example
  readonly senders: Set<string>
  readonly receivers: Set<string>
  readonly services: Set<string>
  pairs: number
}

export interface Example {
  readonly packet: Packet
  readonly sender: EndClass
  readonly receiver: EndClass
  readonly walk: Walk
  readonly expected: Expectation
  readonly isWalkUnknown: boolean
}

/** What should happen to a packet, after service translation, between two ends. */
export type Expect = (packet: Packet, ends: {readonly sender: EndClass; readonly receiver: EndClass}) => Expectation

/** Packets that are walked to find the reason of their group. */
const MOST_WALKED = 4000
/** Names and services that are told of a group. */
export const MOST_NAMED = 5

/**
 * Brings disagreements into groups of one reason each: the same rule decides on the node, and the same policies should. A few
 * senders of each disagreement are walked. When very many disagree, the later ones join the group of the same effect and receiver.
 */
export function groupDisagreements(
  disagreements: Iterable<Disagreement>,
  node: NodeState,
  expectation: Expect,
): DisagreementGroup[] {
  const groups = new Map<string, DisagreementGroup>()
  let walked = 0
  for (const disagreement of disagreements) {
    const {effect, senders, product, receiver} = disagreement
    const chosen = walked < MOST_WALKED ? someOf([...senders]) : []
    const weight = senders.size
    const found = new Map<DisagreementGroup, number>()
    for (const index of chosen) {
      walked++
      const example = exampleOf(disagreement, index, node, expectation)
      const {walk, expected} = example
      const key = JSON.stringify([effect, example.isWalkUnknown, decidingStep(walk), expected.key])
      let group = groups.get(key)
      if (!group)
        groups.set(key, (group = {effect, example, senders: new Set(), receivers: new Set(), services: new Set(), pairs: 0}))
      else if (clearness(example) < clearness(group.example)) group.example = example
      found.set(group, index)
    }
    const to =
      found.size > 0
        ? [...found]
        : [...groups.values()]
            .filter(group => group.effect === effect)
            .slice(0, 1)
            .map(group => [group, senders.first ?? 0] as const)
    for (const [group, index] of to) {
      group.pairs += Math.max(1, Math.round(weight / to.length))
      if (group.senders.size < MOST_NAMED) group.senders.add(endName(product.senders[index] as EndClass))
      if (group.receivers.size < MOST_NAMED) group.receivers.add(endName(receiver))
      if (group.services.size < MOST_NAMED) group.services.add(serviceText(disagreement))
    }
  }
  return [...groups.values()].toSorted((a, b) => clearness(a.example) - clearness(b.example) || b.pairs - a.pairs)
}

/** Of what a service sends on, the packet to the pod behind it, if that fares alike: what happens to it is known for sure. */
function exampleOf(disagreement: Disagreement, index: number, node: NodeState, expectation: Expect): Example {
  const {product, receiver, translated, effect} = disagreement
  const sender = product.senders[index] as EndClass
  const packet = examplePacket(disagreement, index)
  const isWalkUnknown = disagreement.isWalkUnknown === true
  if (translated) {
    const {destination, port} = translated
    const direct = {...packet, destination: printIpv4(destination), ...(port !== undefined && {port})}
    const walk = node.walk(direct)
    if (walk.verdict === (effect === 'open' ? 'accept' : 'drop')) {
      const behind = endAt(product, destination)
      return {
        packet: direct,
        sender,
        receiver: behind,
        walk,
        expected: expectation(direct, {sender, receiver: behind}),
        isWalkUnknown,
      }
    }
  }
  const walk = node.walk(packet)
  return {
    packet,
    sender,
    receiver,
    walk,
    expected: expectation(translatedPacket(packet, walk), {sender, receiver}),
    isWalkUnknown,
  }
}

/** The pod at an address, alone. */
function endAt({senders, receivers, behind}: Disagreement['product'], address: number): EndClass {
  const pods = [...senders, ...receivers, ...behind]
    .flatMap(end => end.pods.filter(pod => policyAddress(pod) === address))
    .slice(0, 1)
  return {address, lastAddress: address, pods}
}

/** The packet as policies see it, after service translation. */
function translatedPacket(packet: Packet, {translated}: Walk): Packet {
  if (!translated) return packet
  return {...packet, destination: translated.destination, ...(translated.port !== undefined && {port: translated.port})}
}

function someOf(indexes: readonly number[]): number[] {
  const {length} = indexes
  return [...new Set([0, length >>> 1, length - 1])].map(at => indexes[at] as number)
}

/** What decides about a packet, as JSON takes it: equal for packets that one rule decides about. */
export const decidingStep = ({verdict, trail, reason, decidedBy}: Walk): unknown =>
  verdict === 'unknown' ? reason : (decidedBy?.() ?? trail.at(-1))

const UNCONFIRMED = 100

/** Whether the walk of a group's packet says what the group says. */
export const isConfirmed = ({effect, example}: Pick<DisagreementGroup, 'effect' | 'example'>): boolean =>
  effect === 'unknown' || example.walk.verdict === (effect === 'open' ? 'accept' : 'drop')

const CLEAREST: readonly string[] = ['tcp', 'udp', 'sctp', 'icmp']

/** Least for packets that a person can follow: between pods, of tcp. */
function clearness({packet, sender, receiver, walk}: Example): number {
  const doubt = walk.verdict === 'unknown' ? UNCONFIRMED : 0
  const pods = Number(sender.pods.length === 0) + Number(receiver.pods.length === 0)
  const rank = CLEAREST.indexOf(packet.protocol)
  return doubt + pods * 8 + (rank < 0 ? CLEAREST.length : rank)
}

/** `tcp/80`, `udp/0-52`, `esp`, `other` for several protocols without a class; a range over several protocols is named by its first and its last service. */
export function serviceText({from, to}: ServiceRange): string {
  const [first, last] = [serviceAt(from), serviceAt(to)]
  const isAllOf = first.port === 0 && last.port === 65_535
  if (from === to && first.protocol === 'other') return protocolName(protocolAt(from))
  if (first.protocol === last.protocol) {
    if (first.port === undefined || isAllOf) return first.protocol
    return from === to ? `${first.protocol}/${first.port}` : `${first.protocol}/${first.port}-${last.port}`
  }
  const begin = first.port === 0 || first.port === undefined ? first.protocol : `${first.protocol}/${first.port}`
  const end = last.port === 65_535 || last.port === undefined ? last.protocol : `${last.protocol}/${last.port}`
  return `${begin} to ${end}`
}
