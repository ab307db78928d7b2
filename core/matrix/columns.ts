import type {NodeState} from '../dataplane/dataplane.ts'
import {incompleteObjects} from '../kubernetes/completeness.ts'
import type {ClusterObjects, Pod} from '../kubernetes/objects.ts'
import {parseIpv4} from '../net/ipv4.ts'
import type {Verdict} from '../net/packet.ts'
import {Bits} from '../packets/bits.ts'
import {PolicyPackets} from '../packets/policy-packets.ts'
import {oneService, serviceNumber} from '../packets/services.ts'
import {type End, PacketEnds} from '../policy/packet-ends.ts'
import type {ProbedPort} from './ports.ts'

/** From whom packets to one receiver at one port are accepted, and from whom that is not known. */
interface Column {
  readonly accepted: Bits
  readonly unknown: Bits
}

/** An end of packets: a pod, or an address without one. */
interface PlacedEnd {
  readonly address: string
  readonly pod?: Pod
}

/** A class of ends, by the end that sends for it and the one that receives for it: two, where it has several. */
export interface EndPair {
  readonly sender: PlacedEnd
  readonly receiver: PlacedEnd
}

/** Decides all senders of one receiver at once, when its first cell is asked for. */
export class Columns {
  private readonly known: (readonly Column[] | undefined)[] = []
  private readonly judge: (receiver: number) => readonly Column[]

  /** @param judge gives the column of each port for a receiving class */
  constructor(judge: (receiver: number) => readonly Column[]) {
    this.judge = judge
  }

  /** @param sender and receiver numbers of classes, `port` the index of a port */
  at(sender: number, receiver: number, port: number): Verdict {
    const {accepted, unknown} = (this.known[receiver] ??= this.judge(receiver))[port] as Column
    return unknown.has(sender) ? 'unknown' : accepted.has(sender) ? 'accept' : 'drop'
  }
}

const addressOf = ({address}: PlacedEnd): number => parseIpv4(address) ?? 0

/** What the rules of a node do. */
export function walkedColumns(node: NodeState, classes: readonly EndPair[], ports: readonly ProbedPort[]): Columns {
  const walk = node.walkSets({
    senders: classes.map(({sender}) => addressOf(sender)),
    receivers: classes.map(({receiver}) => addressOf(receiver)),
    services: ports.map(({protocol, port}) => oneService(protocol, port)),
  })
  return new Columns(receiver => {
    const parts = walk.judge(receiver)
    return ports.map(({protocol, port}) => {
      const number = serviceNumber(protocol, port)
      const here = parts.filter(({from, to}) => from <= number && number <= to)
      const of = (verdict: Verdict) =>
        here.filter(part => part.verdict === verdict).reduce((all, {senders}) => all.or(senders), Bits.none)
      const accepted = of('accept')
      // Packets that may be sent on to several places are in several parts.
      return {accepted, unknown: of('unknown').or(accepted.and(of('drop')))}
    })
  })
}

/** What the policies mean. */
export function meantColumns(cluster: ClusterObjects, classes: readonly EndPair[], ports: readonly ProbedPort[]): Columns {
  const known = new PacketEnds(cluster, incompleteObjects(cluster))
  const endOf = ({address, pod}: PlacedEnd): End => known.of(pod, address)[0] ?? {address: parseIpv4(address)}
  const meaning = new PolicyPackets(cluster, {
    senders: classes.map(({sender}) => endOf(sender)),
    receivers: classes.map(({receiver}) => endOf(receiver)),
  })
  return new Columns(receiver => {
    const parts = meaning.allowed(receiver)
    return ports.map(({protocol, port}) => {
      const number = serviceNumber(protocol, port)
      const {certain, possible} = parts.find(({from, to}) => from <= number && number <= to) ?? {
        certain: Bits.none,
        possible: Bits.none,
      }
      return {accepted: certain, unknown: possible.without(certain)}
    })
  })
}
