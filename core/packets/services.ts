import type {Packet} from '../net/packet.ts'
import {protocolNumber} from '../net/protocols.ts'

/**
 * Protocols and destination ports as one line of numbers, so that a set of them is a list of intervals. tcp, udp and sctp have 65,536
 * numbers each. So has icmp, all of which stand for one and the same packet. Every other protocol has one, and no port.
 */

/** The classes of protocols; `other` holds every protocol that is none of the four. */
export const protocols = ['tcp', 'udp', 'sctp', 'icmp', 'other'] as const
export type ProtocolClass = (typeof protocols)[number]

const WIDTH = 65_536
const PORTLESS = protocols.indexOf('icmp') * WIDTH
const OTHER = protocols.indexOf('other') * WIDTH

/** The protocols of the class `other`, in the order of their numbers of services. Source: /etc/protocols. */
const others: readonly number[] = Array.from({length: 256}, (_, number) => number).filter(
  number => ![1, 6, 17, 132].includes(number),
)

/** Consecutive numbers of services; both ends are included. */
export interface ServiceRange {
  readonly from: number
  readonly to: number
}

/** Every protocol and port. */
export const allServices: ServiceRange = {from: 0, to: OTHER + others.length - 1}

/**
 * The number of a service: of icmp the first one, of `other` that of a protocol that nothing names.
 *
 * @param protocol a class, or the name or number of a protocol
 */
export function serviceNumber(protocol: string, port: number | undefined): number {
  const base = protocols.indexOf(protocol as ProtocolClass) * WIDTH
  if (base === OTHER) return serviceNumber(UNNAMED_PROTOCOL, undefined)
  if (base < 0) return OTHER + Math.max(0, others.indexOf(protocolNumber(protocol) ?? -1))
  return base + (base < PORTLESS ? (port ?? 0) : 0)
}

/** All numbers of a class of protocols. */
export function servicesOf(protocol: ProtocolClass): ServiceRange {
  const from = protocols.indexOf(protocol) * WIDTH
  return {from, to: Math.min(from + WIDTH - 1, allServices.to)}
}

/** The number of a protocol's service and the next one, where a condition on the protocol may change. Empty for the four that have classes. */
export function protocolEdges(protocol: string): readonly number[] {
  const at = others.indexOf(protocolNumber(protocol) ?? -1)
  return at < 0 ? [] : [OTHER + at, OTHER + at + 1]
}

/** One service; of a class without ports all its numbers. */
export function oneService(protocol: ProtocolClass, port: number | undefined): ServiceRange {
  const from = serviceNumber(protocol, port)
  return from < PORTLESS ? {from, to: from} : servicesOf(protocol)
}

/** The class of protocols and the port of a number. The port is undefined for protocols without ports. */
export function serviceAt(number: number): {readonly protocol: ProtocolClass; readonly port: number | undefined} {
  const protocol = protocols[Math.floor(number / WIDTH)] as ProtocolClass
  return {protocol, port: number < PORTLESS ? number % WIDTH : undefined}
}

/** A protocol that stands for those that nothing names: it is reserved for experiments. Source: RFC 3692. */
export const UNNAMED_PROTOCOL = '253'

/** The protocol of a service, as a packet has it: that of the class `other` by its number. */
export const protocolAt = (service: number): string =>
  service < OTHER ? (protocols[Math.floor(service / WIDTH)] as string) : String(others[service - OTHER])

/** The protocol and port of a packet of a service. */
export function packetService(number: number): Pick<Packet, 'protocol' | 'port'> {
  const {port} = serviceAt(number)
  const protocol = protocolAt(number) as Packet['protocol']
  return port === undefined ? {protocol} : {protocol, port}
}

/**
 * Cuts a range where a class of protocols begins and, within, at edges.
 *
 * @param edges ports at which something begins in all protocols that have ports, and numbers of services without ports
 */
export function cutServices({from, to}: ServiceRange, edges: readonly number[]): ServiceRange[] {
  const starts = new Set([from])
  for (const edge of edges) if (edge >= PORTLESS && edge > from && edge <= to) starts.add(edge)
  for (let base = 0; base <= to; base += WIDTH) {
    if (base > from) starts.add(base)
    if (base >= PORTLESS || base + WIDTH <= from) continue
    for (const edge of edges) if (base + edge > from && base + edge <= to && edge < WIDTH) starts.add(base + edge)
  }
  const sorted = [...starts].toSorted((a, b) => a - b)
  return sorted.map((start, at) => ({from: start, to: (sorted[at + 1] ?? to + 1) - 1}))
}
