import type {Packet} from '../net/packet.ts'
import {parseMember} from '../sets/member.ts'
import type {RuleConditions, SimulatedSets} from './rule-conditions.ts'
import {OTHER_PORT} from './sample-packets.ts'

export type Port = Pick<Packet, 'protocol' | 'port'>

/** The ports in sets of named ports, by set and address. */
export class NamedPorts {
  private readonly sets: SimulatedSets
  private readonly known = new Map<string, Map<string, Port[]>>()

  constructor(sets: SimulatedSets) {
    this.sets = sets
  }

  /** The ports of an address in a set. For an address that is not in the set, the ports of any address in it. */
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
    const {subject, port: declared} = parseMember(member)
    if (!declared) continue
    for (const port of numbered(declared.protocol, [declared.number])) ports.set(subject, [...(ports.get(subject) ?? []), port])
  }
  return ports
}

/** The ends of the port ranges in a rule's conditions; for a condition on a whole protocol, a port that no rule names. */
export const portsIn = ({ports}: RuleConditions): Port[] =>
  ports.flatMap(({protocol, range}) => numbered(protocol, range ? [range.from, range.to] : [OTHER_PORT]))

/** Ports that no rule names, one for each protocol. */
export const UNNAMED: readonly Port[] = [
  {protocol: 'tcp', port: OTHER_PORT},
  {protocol: 'udp', port: OTHER_PORT},
  {protocol: 'icmp'},
]

const TRANSPORTS: ReadonlySet<string> = new Set(['tcp', 'udp', 'sctp'])

const numbered = (protocol: string, numbers: readonly number[]): Port[] =>
  TRANSPORTS.has(protocol) ? [...new Set(numbers)].map(port => ({protocol: protocol as Packet['protocol'], port})) : []
