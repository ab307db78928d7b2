import {blockHolds, parseIpv4Block} from '../../net/ipv4.ts'
import {all, negatedIf, type Truth} from '../../net/truth.ts'
import type {SetFields, SetIndex} from '../../sets/set-index.ts'
import type {Match, PortRange} from '../iptables/model.ts'
import type {Interface, Passing} from './passing.ts'

export type {Passing} from './passing.ts'

/** What a condition can look at of a packet. `mark` stands for the mark and which of its bits are known. */
export type PacketField =
  | 'source'
  | 'destination'
  | 'protocol'
  | 'port'
  | 'sourcePort'
  | 'mark'
  | 'state'
  | 'translation'
  | 'in'
  | 'out'

const fields = (...names: PacketField[]): ReadonlySet<PacketField> => new Set(names)
const NOTHING = fields()
const BY_KIND = {
  protocol: fields('protocol'),
  src: fields('source'),
  dst: fields('destination'),
  mark: fields('mark'),
  state: fields('state'),
  in: fields('in'),
  out: fields('out'),
  translatedState: fields('state', 'translation'),
} as const

/**
 * The fields of a packet that a condition looks at: packets that agree on them have the same answer from `holds`, `unknown`
 * included, whatever else they differ in.
 *
 * @param sets the type of a set decides whether it looks at ports
 */
export function dependsOn(match: Match, sets: SetIndex): ReadonlySet<PacketField> {
  switch (match.kind) {
    case 'comment':
      return NOTHING
    case 'interface':
      return BY_KIND[match.side]
    case 'protocol':
      return BY_KIND.protocol
    case 'address':
      return BY_KIND[match.side]
    case 'ports': {
      const looked: PacketField[] = match.protocol === '' ? [] : ['protocol']
      if (match.source) looked.push('sourcePort')
      if (match.destination) looked.push('port')
      return fields(...looked)
    }
    case 'set':
      return setFields(match.sides, sets.asks(match.set))
    case 'mark':
      return BY_KIND.mark
    case 'state':
      return /[DS]NAT/.test(match.states) ? BY_KIND.translatedState : BY_KIND.state
    case 'unknown':
      return match.module === 'multiport' ? multiportFields : NOTHING
  }
}

const multiportFields = fields('port', 'sourcePort')

function setFields(sides: string, asks: SetFields): ReadonlySet<PacketField> {
  const [first, second = first] = sides.split(',')
  const address = first === 'src' ? 'source' : 'destination'
  switch (asks) {
    case 'nothing':
      return NOTHING
    case 'address':
      return BY_KIND[first === 'src' ? 'src' : 'dst']
    case 'addressAndPort':
      return fields(address, 'protocol', second === 'src' ? 'sourcePort' : 'port')
  }
}

/** Protocol numbers that iptables prints if it does not find the name. */
const PROTOCOL_NUMBERS: Readonly<Record<string, string>> = {'1': 'icmp', '6': 'tcp', '17': 'udp', '132': 'sctp', '0': 'all'}

/**
 * Whether one condition holds for a packet. `unknown` if a value that it needs is not known or the match is not modelled.
 *
 * Source: iptables-extensions(8); checked against packets on a real kernel.
 */
export function holds(match: Match, packet: Passing, sets: SetIndex): Truth {
  switch (match.kind) {
    case 'comment':
      return true
    case 'protocol': {
      const wanted = PROTOCOL_NUMBERS[match.protocol] ?? match.protocol
      return negatedIf(match.negated, wanted === 'all' || wanted === packet.protocol)
    }
    case 'address': {
      const block = parseIpv4Block(match.block)
      return block
        ? negatedIf(match.negated, blockHolds(block, match.side === 'src' ? packet.source : packet.destination))
        : 'unknown'
    }
    case 'interface':
      return negatedIf(match.negated, interfaceHolds(match.name, match.side === 'in' ? packet.in : packet.out))
    case 'ports':
      if (match.protocol !== '' && match.protocol !== packet.protocol) return false
      return all([inRange(match.source, packet.sourcePort), inRange(match.destination, packet.port)])
    case 'set':
      return negatedIf(match.negated, setHolds(match.set, match.sides, packet, sets))
    case 'mark':
      return negatedIf(match.negated, markHolds(match.value, match.mask, packet))
    case 'state':
      return negatedIf(match.negated, stateHolds(match.states, packet))
    case 'unknown':
      return match.module === 'multiport' ? multiport(match.options, packet) : 'unknown'
  }
}

/** A name that ends in `+` stands for all names that begin so. Which interface other than the loopback it is is not known. */
function interfaceHolds(name: string, at: Interface): Truth {
  const prefix = name.endsWith('+') ? name.slice(0, -1) : undefined
  if (prefix === '') return true
  if (at === 'none') return false
  if (at === 'lo') return prefix === undefined ? name === 'lo' : 'lo'.startsWith(prefix)
  return name === 'lo' ? false : 'unknown'
}

function inRange(range: PortRange | undefined, port: number | undefined): Truth {
  if (!range) return true
  if (port === undefined) return range.from === 0 && range.to === 65535 ? !range.negated : 'unknown'
  return negatedIf(range.negated, port >= range.from && port <= range.to)
}

function setHolds(set: string, sides: string, packet: Passing, sets: SetIndex): Truth {
  const [first, second = first] = sides.split(',')
  const address = first === 'src' ? packet.source : packet.destination
  const port = second === 'src' ? packet.sourcePort : packet.port
  return sets.holds(set, {address, protocol: packet.protocol, port})
}

function markHolds(value: number, mask: number, {mark, knownMark}: Passing): Truth {
  const seen = mask & knownMark
  // One known bit that differs is enough.
  if (((mark ^ value) & seen) !== 0 || (value & ~mask) !== 0) return false
  return (mask & ~knownMark) === 0 ? true : 'unknown'
}

function stateHolds(states: string, {state, isTranslated, isSourceTranslated}: Passing): Truth {
  const wanted = states.split(',')
  if (wanted.includes(state)) return true
  if (wanted.includes('DNAT') && isTranslated) return true
  if (wanted.includes('SNAT') && isSourceTranslated) return true
  // The source of a new connection is translated last of all. What an older one went through is not known.
  return wanted.includes('SNAT') && state !== 'NEW' ? 'unknown' : false
}

const MULTIPORT = /^(! )?--(dports|sports|ports) (\S+)$/

function multiport(options: string, packet: Passing): Truth {
  const parts = MULTIPORT.exec(options)
  if (!parts || parts[2] === 'ports') return 'unknown'
  const port = parts[2] === 'sports' ? packet.sourcePort : packet.port
  if (port === undefined) return 'unknown'
  const isIn = (parts[3] ?? '').split(',').some(each => {
    const [from, to = from] = each.split(':').map(Number)
    return from !== undefined && to !== undefined && port >= from && port <= to
  })
  return negatedIf(parts[1] !== undefined, isIn)
}
