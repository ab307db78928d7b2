import type {Packet} from '../net/packet.ts'

/**
 * Protocols and destination ports as one line of numbers, so that a set of them is a list of intervals. Each protocol has 65,536
 * numbers. Those of a protocol without ports stand for one and the same packet.
 */

/** The protocols with a number of their own; `other` stands for every protocol that is not among them. */
export const protocols = ['tcp', 'udp', 'sctp', 'icmp', 'other'] as const
export type ProtocolClass = (typeof protocols)[number]

const WIDTH = 65_536
const PORTLESS = protocols.indexOf('icmp') * WIDTH

/** Consecutive numbers of services; both ends are included. */
export interface ServiceRange {
  readonly from: number
  readonly to: number
}

/** Every protocol and port. */
export const allServices: ServiceRange = {from: 0, to: protocols.length * WIDTH - 1}

/** The number of a service. Of a protocol without ports it is the first one. */
export function serviceNumber(protocol: ProtocolClass, port: number | undefined): number {
  const base = protocols.indexOf(protocol) * WIDTH
  return base + (base < PORTLESS ? (port ?? 0) : 0)
}

/** All numbers of a protocol. */
export function servicesOf(protocol: ProtocolClass): ServiceRange {
  const from = protocols.indexOf(protocol) * WIDTH
  return {from, to: from + WIDTH - 1}
}

/** One service; of a protocol without ports all its numbers. */
export function oneService(protocol: ProtocolClass, port: number | undefined): ServiceRange {
  const from = serviceNumber(protocol, port)
  return from < PORTLESS ? {from, to: from} : servicesOf(protocol)
}

/** The protocol and port of a number. The port is undefined for protocols without ports. */
export function serviceAt(number: number): {readonly protocol: ProtocolClass; readonly port: number | undefined} {
  const protocol = protocols[Math.floor(number / WIDTH)] as ProtocolClass
  return {protocol, port: number < PORTLESS ? number % WIDTH : undefined}
}

/** A protocol that stands for those that nothing names: it is reserved for experiments. Source: RFC 3692. */
export const UNNAMED_PROTOCOL = '253'

/** The protocol and port of a packet of a service. */
export function packetService(number: number): Pick<Packet, 'protocol' | 'port'> {
  const {protocol, port} = serviceAt(number)
  const named = (protocol === 'other' ? UNNAMED_PROTOCOL : protocol) as Packet['protocol']
  return port === undefined ? {protocol: named} : {protocol: named, port}
}

/**
 * Cuts a range where a protocol begins and, within protocols that have ports, at edges.
 *
 * @param edges ports at which something begins
 */
export function cutServices({from, to}: ServiceRange, edges: readonly number[]): ServiceRange[] {
  const starts = new Set([from])
  for (let base = 0; base <= to; base += WIDTH) {
    if (base > from) starts.add(base)
    if (base >= PORTLESS || base + WIDTH <= from) continue
    for (const edge of edges) if (base + edge > from && base + edge <= to && edge < WIDTH) starts.add(base + edge)
  }
  const sorted = [...starts].toSorted((a, b) => a - b)
  return sorted.map((start, at) => ({from: start, to: (sorted[at + 1] ?? to + 1) - 1}))
}
