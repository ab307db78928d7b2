import type {OverlaySet} from '../drift/difference.ts'
import type {Match} from '../linux/iptables/model.ts'
import type {Packet} from '../net/packet.ts'
import {OTHER_PORT} from './sample-packets.ts'

export type Port = Pick<Packet, 'protocol' | 'port'>

/** Ports that sets hold, by set and address. */
export class NamedPorts {
  private readonly sets: ReadonlyMap<string, OverlaySet>
  private readonly known = new Map<string, Map<string, Port[]>>()

  constructor(sets: ReadonlyMap<string, OverlaySet>) {
    this.sets = sets
  }

  /** The ports of a set at an address; of one that is not in it, any that it holds. */
  of(set: string, address: string): readonly Port[] {
    let ports = this.known.get(set)
    if (!ports) {
      ports = portsByAddress(this.sets.get(set)?.members ?? [])
      this.known.set(set, ports)
    }
    const [any] = ports.values()
    return ports.get(address) ?? any ?? []
  }
}

function portsByAddress(members: readonly string[]): Map<string, Port[]> {
  const ports = new Map<string, Port[]>()
  for (const member of members) {
    const parts = /^([^,]+),([a-z]+):(\d+)/.exec(member)
    const [, address = '', protocol = '', number] = parts ?? []
    for (const port of numbered(protocol, [Number(number)])) ports.set(address, [...(ports.get(address) ?? []), port])
  }
  return ports
}

/** The ports that a rule's own conditions look at. */
export const portsIn = (matches: readonly Match[]): Port[] =>
  matches.flatMap(match => {
    if (match.kind === 'ports' && match.destination)
      return numbered(match.protocol, [match.destination.from, match.destination.to])
    return match.kind === 'protocol' ? numbered(match.protocol, [OTHER_PORT]) : []
  })

/** What rules about ports do not speak of. */
export const UNNAMED: readonly Port[] = [
  {protocol: 'tcp', port: OTHER_PORT},
  {protocol: 'udp', port: OTHER_PORT},
  {protocol: 'icmp'},
]

const TRANSPORTS: ReadonlySet<string> = new Set(['tcp', 'udp', 'sctp'])

const numbered = (protocol: string, numbers: readonly number[]): Port[] =>
  TRANSPORTS.has(protocol) ? [...new Set(numbers)].map(port => ({protocol: protocol as Packet['protocol'], port})) : []
