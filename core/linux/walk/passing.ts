import type {Ipv4Block} from '../../net/ipv4.ts'
import type {Packet} from '../../net/packet.ts'
import type {Truth} from '../../net/truth.ts'
import {NO_SETS, type WrittenSets} from './written-sets.ts'

/** What is known of the node that a packet passes. */
export interface Host {
  /** Whether an address is the node's own, so that packets to it go through INPUT and packets from it through OUTPUT. */
  isOwn(address: number): Truth
  /** Whether an address is known to be that of a pod, or of another node. What `isOwn` says of any other address is an assumption. */
  isElsewhere(address: number): boolean
  /** Whether only packets that the node forwards are asked about, so that no end is an address of its own. */
  readonly onlyForwards?: boolean
  /**
   * The networks behind interfaces that have no other address behind them, as those of Docker's bridges, by the interface's name.
   */
  readonly networks: ReadonlyMap<string, readonly Ipv4Block[]>
  /** The address that the node sends from, by which it masquerades. Undefined when nothing tells it. */
  readonly address: number | undefined
  /** Whether IPVS takes the packet behind INPUT and sends it to an endpoint that nothing here tells. */
  readonly balances?: (packet: Passing) => boolean
}

/** A node that owns no address of any packet: it only forwards. */
export const forwardingHost: Host = {isOwn: () => false, isElsewhere: () => true, networks: new Map(), address: undefined}

/** The interface that a packet comes from or leaves by. In INPUT it has no outgoing one, in OUTPUT no incoming one. */
export type Interface = 'none' | 'lo' | 'other'

/** A packet during its walk: the fields that rules match or change. Addresses are 32-bit numbers. */
export interface Passing {
  /** `UNKNOWN_ADDRESS` for a masqueraded packet of a node whose address is not known. */
  readonly source: number
  readonly destination: number
  readonly protocol: string
  readonly port: number | undefined
  readonly sourcePort: number | undefined
  readonly state: string
  /** Whether conntrack has seen it, which it does behind the table raw. There, the packet is of no connection for any rule. */
  readonly isTracked: boolean
  /** Whether it opens its connection: a TCP packet with no flag but SYN, an ICMP echo request, an SCTP INIT. */
  readonly isFirst: boolean
  /** The destination and its port before the first translation. */
  readonly original: {readonly destination: number; readonly port: number | undefined}
  readonly mark: number
  /** Bits of the mark whose value is known. */
  readonly knownMark: number
  /** The mark of the packet's connection, which CONNMARK saves and restores. That of a new connection is 0. */
  readonly connectionMark: number
  readonly knownConnectionMark: number
  /** Whether DNAT changed the destination. */
  readonly isTranslated: boolean
  /** Whether SNAT or masquerading changed the source. */
  readonly isSourceTranslated: boolean
  /** Sets that rules changed for this packet on its way, so that what was saved of them counts no more. */
  readonly writtenSets: WrittenSets
  readonly in: Interface
  readonly out: Interface
  readonly host: Host
}

export {UNKNOWN_ADDRESS} from '../../net/ipv4.ts'

/** All 32 bits of a mark. */
const ALL_BITS = 0xffffffff

/** The packet before it meets the first rule. */
export function passingOf(
  packet: Packet,
  addresses: {readonly source: number; readonly destination: number},
  host: Host = forwardingHost,
): Passing {
  const state = packet.state ?? 'NEW'
  return {
    ...addresses,
    protocol: packet.protocol,
    port: packet.port,
    sourcePort: packet.sourcePort,
    state,
    isTracked: true,
    isFirst: state === 'NEW',
    original: {destination: addresses.destination, port: packet.port},
    mark: packet.mark ?? 0,
    knownMark: ALL_BITS,
    connectionMark: 0,
    knownConnectionMark: state === 'NEW' ? ALL_BITS : 0,
    isTranslated: false,
    isSourceTranslated: false,
    writtenSets: NO_SETS,
    in: 'other',
    out: 'other',
    host,
  }
}
