import type {NodeState} from '../dataplane/dataplane.ts'
import {incompleteObjects} from '../kubernetes/completeness.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import {policyAddress} from '../kubernetes/pod-filter.ts'
import {printIpv4} from '../net/ipv4.ts'
import type {Packet} from '../net/packet.ts'
import {type AllowedPackets, allowedBy, type PacketMeaning} from '../packets/allowed-packets.ts'
import {Bits} from '../packets/bits.ts'
import type {EndClass} from '../packets/end-classes.ts'
import type {JudgedPackets, PacketDomain} from '../packets/packet-domain.ts'
import {PolicyPackets} from '../packets/policy-packets.ts'
import {allServices, packetService, type ServiceRange, serviceAt, serviceNumber} from '../packets/services.ts'
import {type End, PacketEnds} from '../policy/packet-ends.ts'
import {checkMemory} from '../text/memory.ts'
import {type PacketProduct, type VerifiedPackets, verifiedPackets} from './verified-packets.ts'

/** Packets that are not judged as they should be, or of which that is not known. All are to one receiver. */
export interface Disagreement extends ServiceRange {
  /** `open`: they pass and should not. `closed`: they are dropped and should pass. */
  readonly effect: 'open' | 'closed' | 'unknown'
  readonly receiver: EndClass
  /** Who sends them: indexes of the product's senders, at least one. */
  readonly senders: Bits
  readonly product: PacketProduct
  /** Where service translation sends them. */
  readonly translated?: JudgedPackets['translated']
  /** Of unknown ones: whether it is the walk through the rules that is not known, and not what should be. */
  readonly isWalkUnknown?: boolean
}

/** What a node's rules are held against. */
export interface AgreementOptions {
  /** A node that the rules should equal, such as the one that Azure NPM would program. By default the policies decide. */
  readonly program?: NodeState
  /** So many senders times receivers are compared at most, receiver by receiver; by default all. */
  readonly mostPairs?: number
}

/**
 * Finds out whether a node's rules let pass what they should, for all packets of new connections that the node forwards: of
 * every pod, node and block, of every protocol and port. Packets to services count as packets to the pods behind them. Packets
 * within a pod, and between a pod and its own node, are never forwarded and left out. What the platform denies,
 * whatever policies say, is no disagreement.
 *
 * @param cluster the objects whose policies should hold, and whose pods and nodes are the ends
 * @returns the packets that were compared, and lazily all that are judged otherwise, receiver by receiver; when there is none,
 *   rules and policies agree on all of them
 */
export function agreement(
  node: NodeState,
  cluster: ClusterObjects,
  options: AgreementOptions = {},
): {
  readonly packets: VerifiedPackets
  readonly disagreements: Iterable<Disagreement>
  /** On what the verdicts rest that is not certain; known when all disagreements were looked at. */
  readonly doubts: ReadonlySet<string>
  /** Receivers whose packets were not compared, because of `mostPairs`; known when all disagreements were looked at. */
  readonly left: {readonly receivers: number}
} {
  const packets = verifiedPackets(node, cluster)
  const doubts = new Set<string>()
  const left = {receivers: 0}
  return {packets, disagreements: compare(node, cluster, packets.products, options, doubts, left), doubts, left}
}

/** Ports that people know, the first one that a range has; port 0 only if there is no other. */
const KNOWN_PORTS = [80, 443, 53, 8080]

function clearest({from, to}: ServiceRange): number {
  const {protocol, port} = serviceAt(from)
  const known = KNOWN_PORTS.map(each => serviceNumber(protocol, each)).find(number => number >= from && number <= to)
  return known ?? (port === 0 && to > from ? from + 1 : from)
}

/** A packet of some, at a port that people know if it has one. The sender has an index of `senders`, by default the first. */
export function examplePacket(
  {senders, product, receiver, from, to}: Omit<Disagreement, 'effect'>,
  sender = senders.first ?? 0,
): Packet {
  const {protocol, port} = packetService(clearest({from, to}))
  return {
    source: printIpv4((product.senders[sender] as EndClass).address),
    destination: printIpv4(receivingAddress(receiver)),
    protocol,
    ...(port !== undefined && {port}),
  }
}

/** Senders are the first pod of their class, receivers the last one, so that pods that are alike send to each other. */
function receivingAddress(end: EndClass): number {
  return end.lastAddress
}

/** Adds the indexes of ends by all their addresses. */
function indexEnds(ends: readonly EndClass[], at: Map<number, number>): void {
  for (const [index, end] of ends.entries()) {
    at.set(receivingAddress(end), index)
    for (const pod of end.pods) at.set(policyAddress(pod) ?? -1, index)
  }
}

const endOf = ({pods, address, lastAddress}: EndClass, isReceiver: boolean, known: PacketEnds): End => {
  const pod = isReceiver ? pods.at(-1) : pods[0]
  const at = isReceiver ? lastAddress : address
  return pod ? {address: at, pod} : (known.at(printIpv4(at))[0] ?? {address: at})
}

function* compare(
  node: NodeState,
  cluster: ClusterObjects,
  products: readonly PacketProduct[],
  {program, mostPairs = Number.POSITIVE_INFINITY}: AgreementOptions,
  doubts: Set<string>,
  left: {receivers: number},
): Generator<Disagreement> {
  const known = new PacketEnds(cluster, incompleteObjects(cluster))
  const isEnforced = node.judges
  let pairs = 0
  for (const product of products) {
    const domain: PacketDomain = {
      senders: product.senders.map(({address}) => address),
      receivers: product.receivers.map(receivingAddress),
      services: [allServices],
    }
    const walk = node.walkSets(domain)
    const meaning = new Meaning(product, domain, {cluster, program, known, isEnforced})
    for (const receiver of product.receivers.keys()) {
      if (pairs + product.senders.length > mostPairs) {
        left.receivers += product.receivers.length - receiver
        break
      }
      pairs += product.senders.length
      checkMemory()
      const address = printIpv4(receivingAddress(product.receivers[receiver] as EndClass))
      const denied = (node.platformDenials ?? []).flatMap(each => (each.address === address ? [each.services] : []))
      for (const part of walk.judge(receiver)) yield* disagreementsOf(part, product, receiver, meaning, denied)
    }
    for (const doubt of walk.doubts ?? []) doubts.add(doubt)
  }
}

/** What should happen to the packets of a product, and to those that are sent on to an end that is none of its receivers. */
class Meaning {
  private readonly product: PacketProduct
  private readonly of: PacketMeaning
  /** Without policies: it tells which packets are forwarded. */
  private readonly ends: PolicyPackets
  private readonly make: (receivers: readonly {readonly end: End; readonly address: number}[]) => PacketMeaning
  private readonly indexAt = new Map<number, number>()
  private readonly behindAt = new Map<number, number>()
  private behind: PacketMeaning | undefined
  private readonly sendersAt = new Map<number, Bits>()
  private readonly others = new Map<number, readonly AllowedPackets[]>()
  private last: {readonly receiver: number; readonly allowed: readonly AllowedPackets[]} | undefined
  private lastExempt: {readonly receiver: number; readonly senders: Bits} | undefined
  private readonly known: PacketEnds

  constructor(
    product: PacketProduct,
    {senders}: PacketDomain,
    {
      cluster,
      program,
      known,
      isEnforced,
    }: {
      readonly cluster: ClusterObjects
      readonly program: NodeState | undefined
      readonly known: PacketEnds
      readonly isEnforced: ((address: string) => boolean) | undefined
    },
  ) {
    this.product = product
    this.known = known
    const from = product.senders.map(each => endOf(each, false, known))
    this.make = to => {
      if (!program)
        return new PolicyPackets(cluster, {senders: from, receivers: to.map(({end}) => end), isForwarded: true, isEnforced})
      const walk = program.walkSets({senders, receivers: to.map(({address}) => address), services: [allServices]})
      return {allowed: receiver => allowedBy(walk.judge(receiver))}
    }
    this.of = this.make(product.receivers.map(each => ({end: endOf(each, true, known), address: receivingAddress(each)})))
    this.ends = new PolicyPackets(
      {...cluster, policies: []},
      {senders: from, receivers: product.receivers.map(each => endOf(each, true, known))},
    )
    for (const [index, {address}] of product.senders.entries())
      this.sendersAt.set(address, (this.sendersAt.get(address) ?? Bits.none).or(Bits.of([index])))
    indexEnds(product.receivers, this.indexAt)
    indexEnds(product.behind, this.behindAt)
  }

  allowed(receiver: number): readonly AllowedPackets[] {
    if (this.last?.receiver !== receiver) this.last = {receiver, allowed: this.of.allowed(receiver)}
    return this.last.allowed
  }

  /** What is allowed to an address that packets are sent on to. */
  allowedAt(address: number): readonly AllowedPackets[] {
    const index = this.indexAt.get(address)
    if (index !== undefined) return this.of.allowed(index)
    let allowed = this.others.get(address)
    if (!allowed) this.others.set(address, (allowed = this.allowedElsewhere(address)))
    return allowed
  }

  private allowedElsewhere(address: number): readonly AllowedPackets[] {
    const index = this.behindAt.get(address)
    if (index !== undefined) {
      const ends = () => this.product.behind.map(each => ({end: endOf(each, true, this.known), address: receivingAddress(each)}))
      this.behind ??= this.make(ends())
      return this.behind.allowed(index)
    }
    const [end = {address}] = this.known.at(printIpv4(address))
    return this.make([{end, address}]).allowed(0)
  }

  /**
   * Senders whose packets are not forwarded: those with the address of the receiver, before or behind translation, and those that are
   * its own node, or of which it is.
   */
  notForwarded(receiver: number, translated: JudgedPackets['translated']): Bits {
    const own = this.sendersAt.get(translated?.destination ?? receivingAddress(this.product.receivers[receiver] as EndClass))
    const exempt = translated ? Bits.none : this.exemptFrom(receiver)
    return own ? exempt.or(own) : exempt
  }

  private exemptFrom(receiver: number): Bits {
    if (this.lastExempt?.receiver !== receiver) this.lastExempt = {receiver, senders: this.ends.notForwarded(receiver)}
    return this.lastExempt.senders
  }
}

function* disagreementsOf(
  part: JudgedPackets,
  product: PacketProduct,
  receiver: number,
  meaning: Meaning,
  denied: readonly ServiceRange[],
): Generator<Disagreement> {
  const {translated, verdict} = part
  const allowed = translated ? meaning.allowedAt(translated.destination) : meaning.allowed(receiver)
  const port = translated?.port
  const number = port === undefined ? undefined : serviceNumber(serviceAt(part.from).protocol, port)
  for (const meant of allowed) {
    const isMet =
      number === undefined ? meant.from <= part.to && meant.to >= part.from : meant.from <= number && number <= meant.to
    if (!isMet) continue
    const wrong =
      verdict === 'accept'
        ? part.senders.without(meant.possible)
        : verdict === 'drop'
          ? part.senders.and(meant.certain)
          : part.senders
    const notKnown = verdict === 'unknown' ? Bits.none : part.senders.and(meant.possible.without(meant.certain))
    const range =
      number === undefined
        ? {from: Math.max(meant.from, part.from), to: Math.min(meant.to, part.to)}
        : {from: part.from, to: part.to}
    const found = [
      [verdict === 'accept' ? 'open' : verdict === 'drop' ? 'closed' : 'unknown', wrong],
      ['unknown', notKnown],
    ] as const
    for (const [effect, bits] of found) {
      if (effect === 'closed' && denied.some(({from, to}) => from <= range.from && range.to <= to)) continue
      const senders = bits.isEmpty ? bits : bits.without(meaning.notForwarded(receiver, translated))
      if (senders.isEmpty) continue
      yield {
        ...range,
        effect,
        receiver: product.receivers[receiver] as EndClass,
        senders,
        product,
        ...(translated && {translated}),
        ...(effect === 'unknown' && {isWalkUnknown: verdict === 'unknown'}),
      }
    }
  }
}
