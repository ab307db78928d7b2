import {parseIpv4} from '../../../../core/net/ipv4.ts'
import type {Packet} from '../../../../core/net/packet.ts'

/*
 * Packets as bytes on the wire, checksums and all: conntrack calls a packet with a wrong one INVALID, and the rules under
 * test look at NEW ones only.
 */

/** RFC 3692 leaves 253 for experiments; no rule names it. */
export const SENTINEL_PROTOCOL = 253

const PROTOCOLS = {icmp: 1, tcp: 6, udp: 17, sctp: 132} as const

/**
 * An IPv4 packet that opens a connection: TCP SYN, UDP datagram, SCTP INIT, ICMP echo request, or eight zeros of any other
 * protocol, which is given by its number.
 *
 * @param id goes into the header's identification, by which it is known again even behind address translation; 1–65535
 */
export function packetBytes(packet: Packet, id: number): Buffer {
  const {source, destination, protocol, port = 0, sourcePort = 0} = packet
  const addresses = Buffer.concat([addressBytes(source), addressBytes(destination)])
  if (!(protocol in bodies)) return withHeader(addresses, Number(protocol), id, Buffer.alloc(8))
  const body = bodies[protocol](sourcePort, port, id)
  const pseudo = Buffer.concat([addresses, Buffer.from([0, PROTOCOLS[protocol], 0, body.length])])
  if (protocol === 'tcp') body.writeUInt16BE(checksum(Buffer.concat([pseudo, body])), 16)
  // In UDP 0 means "not summed"; the sum 0 is sent as its other form.
  else if (protocol === 'udp') body.writeUInt16BE(checksum(Buffer.concat([pseudo, body])) || 0xffff, 6)
  else if (protocol === 'sctp') body.writeUInt32LE(crc32c(body), 8)
  else body.writeUInt16BE(checksum(body), 2)
  return withHeader(addresses, PROTOCOLS[protocol], id, body)
}

/** A packet that conntrack is told to leave alone, so that rules for new connections do not see it. */
export function sentinelBytes(source: string, destination: string, id: number): Buffer {
  const addresses = Buffer.concat([addressBytes(source), addressBytes(destination)])
  return withHeader(addresses, SENTINEL_PROTOCOL, id, Buffer.alloc(8))
}

const bodies: Record<Packet['protocol'], (source: number, port: number, id: number) => Buffer> = {
  tcp(source, port, id) {
    const body = Buffer.alloc(20)
    body.writeUInt16BE(source, 0)
    body.writeUInt16BE(port, 2)
    body.writeUInt32BE(id, 4)
    // Five words long, SYN.
    body.writeUInt16BE(0x5002, 12)
    body.writeUInt16BE(0xffff, 14)
    return body
  },
  udp(source, port) {
    const body = Buffer.alloc(16)
    body.writeUInt16BE(source, 0)
    body.writeUInt16BE(port, 2)
    body.writeUInt16BE(body.length, 4)
    return body
  },
  sctp(source, port, id) {
    const body = Buffer.alloc(32)
    body.writeUInt16BE(source, 0)
    body.writeUInt16BE(port, 2)
    // The chunk INIT, 20 bytes long: tag, window, streams out and in, first number.
    body.writeUInt8(1, 12)
    body.writeUInt16BE(20, 14)
    body.writeUInt32BE(id, 16)
    body.writeUInt32BE(0xffff, 20)
    body.writeUInt16BE(1, 24)
    body.writeUInt16BE(1, 26)
    body.writeUInt32BE(id, 28)
    return body
  },
  icmp(_source, _port, id) {
    const body = Buffer.alloc(16)
    body.writeUInt8(8, 0)
    body.writeUInt16BE(id, 4)
    return body
  },
}

function withHeader(addresses: Buffer, protocol: number, id: number, body: Buffer): Buffer {
  const header = Buffer.alloc(12)
  header.writeUInt8(0x45, 0)
  header.writeUInt16BE(20 + body.length, 2)
  header.writeUInt16BE(id, 4)
  header.writeUInt8(64, 8)
  header.writeUInt8(protocol, 9)
  header.writeUInt16BE(checksum(Buffer.concat([header, addresses])), 10)
  return Buffer.concat([header, addresses, body])
}

function addressBytes(text: string): Buffer {
  const address = parseIpv4(text)
  if (address === undefined) throw new RangeError(`not an IPv4 address: ${text}`)
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(address)
  return bytes
}

/** RFC 1071. All our packets have an even number of bytes. */
function checksum(bytes: Buffer): number {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

/** RFC 9260, appendix A. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return ~crc >>> 0
}
