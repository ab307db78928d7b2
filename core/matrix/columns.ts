import type {NodeState} from '../dataplane/dataplane.ts'
import {incompleteObjects} from '../kubernetes/completeness.ts'
import type {ClusterObjects, Pod} from '../kubernetes/objects.ts'
import {parseIpv4} from '../net/ipv4.ts'
import type {Verdict} from '../net/packet.ts'
import {Bits} from '../packets/bits.ts'
import type {JudgedPackets} from '../packets/packet-domain.ts'
import {PolicyPackets} from '../packets/policy-packets.ts'
import {oneService, serviceNumber} from '../packets/services.ts'
import {type End, PacketEnds} from '../policy/packet-ends.ts'
import type {ProbedPort} from './ports.ts'

/** From whom packets to one receiver at one port are accepted, and from whom that is not known. */
interface Column {
  readonly accepted: Bits
  readonly unknown: Bits
  /** Whose packets may be sent on to another receiver. */
  readonly redirected?: Bits
}

/** Of each port, whose accepted packets may go on under another sender's address. Absent where no such address is changed. */
type Masqueraded = readonly Bits[] | undefined

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
  private readonly knownMasqueraded: Masqueraded[] = []
  private readonly judge: (receiver: number) => readonly Column[]
  private readonly masqueraded: (receiver: number) => Masqueraded

  /**
   * @param judge gives the column of each port for a receiving class
   * @param masqueraded tells for each port whose packets may go on to it under another address
   */
  constructor(judge: (receiver: number) => readonly Column[], masqueraded: (receiver: number) => Masqueraded = () => undefined) {
    this.judge = judge
    this.masqueraded = masqueraded
  }

  /** @param sender and receiver numbers of classes, `port` the index of a port */
  at(sender: number, receiver: number, port: number): Verdict {
    const {accepted, unknown} = (this.known[receiver] ??= this.judge(receiver))[port] as Column
    return unknown.has(sender) ? 'unknown' : accepted.has(sender) ? 'accept' : 'drop'
  }

  /** Whether a packet may be sent on to another receiver. */
  isRedirected(sender: number, receiver: number, port: number): boolean {
    return (this.known[receiver] ??= this.judge(receiver))[port]?.redirected?.has(sender) ?? false
  }

  /** Whether an accepted packet may go on under another sender's address. */
  isMasqueraded(sender: number, receiver: number, port: number): boolean {
    if (!(receiver in this.knownMasqueraded)) this.knownMasqueraded[receiver] = this.masqueraded(receiver)
    return this.knownMasqueraded[receiver]?.[port]?.has(sender) ?? false
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
  const numbers = ports.map(({protocol, port}) => serviceNumber(protocol, port))
  return new Columns(
    receiver => {
      const parts = walk.judge(receiver)
      return numbers.map(number => {
        const here = parts.filter(({from, to}) => from <= number && number <= to)
        const of = (verdict: Verdict) => sendersOf(here.filter(part => part.verdict === verdict))
        const accepted = of('accept')
        // Packets that may be sent on to several places are in several parts.
        const redirected = here.filter(({translated}) => translated)
        return {
          accepted,
          unknown: of('unknown').or(accepted.and(of('drop'))),
          ...(redirected.length > 0 && {redirected: sendersOf(redirected)}),
        }
      })
    },
    receiver => {
      const parts = walk.masqueraded?.(receiver)
      return parts && numbers.map(number => sendersOf(parts.filter(({from, to}) => from <= number && number <= to)))
    },
  )
}

const sendersOf = (parts: readonly Pick<JudgedPackets, 'senders'>[]): Bits =>
  parts.reduce((all, {senders}) => all.or(senders), Bits.none)

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
