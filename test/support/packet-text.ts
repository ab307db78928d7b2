import type {Packet} from '../../core/net/packet.ts'

/** Reads a packet of a comparison, `10.0.0.1 -> 10.0.0.2 tcp/80`. */
export function packetOf(text: string): Packet {
  const [, source, destination, protocol, port] = /^(\S+) -> (\S+) (tcp|udp|sctp|icmp)(?:\/(\d+))?$/.exec(text) ?? []
  if (source === undefined || destination === undefined) throw new Error(`no packet: ${text}`)
  return {source, destination, protocol: protocol as Packet['protocol'], ...(port !== undefined && {port: Number(port)})}
}
