import {protocolNumber} from '../net/protocols.ts'
import {ECHO_REQUEST, type ElementPort} from './element.ts'
import type {SetPacket, Sides} from './sides.ts'

export const PORTS = 65_536

/** Protocol and port as one number. A protocol that is not known has a key of its own. */
export const protocolKey = (protocol: string): number => (protocolNumber(protocol) ?? 256) * PORTS
export const portKey = ({protocol = '', number}: ElementPort): number => protocolKey(protocol) + number

/** What sets take for the port of a packet: of ICMP type and code, and 0 for protocols without ports. Undefined when not known. */
export function portAt(packet: SetPacket, {isSource}: Sides, at: number): number | undefined {
  switch (protocolNumber(packet.protocol)) {
    case 6:
    case 17:
    case 132:
    case 136:
      return isSource[at] ? packet.sourcePort : packet.port
    case 1:
      return packet.isFirst ? ECHO_REQUEST : undefined
    case undefined:
      return undefined
    default:
      return 0
  }
}
