import {blockHolds, type MaskedAddress, parseMaskedIpv4, UNKNOWN_ADDRESS} from '../../net/ipv4.ts'
import {protocolHolds} from '../../net/protocols.ts'
import {all, negatedIf, type Truth} from '../../net/truth.ts'
import type {SetIndex} from '../../sets/set-index.ts'
import {sidesOf} from '../../sets/sides.ts'
import type {Match, PortRange} from '../iptables/model.ts'
import {isAmong} from './match/addresses.ts'
import type {Condition, PacketField} from './match/condition.ts'
import {markHolds, stateFields, stateHolds} from './match/connection.ts'
import {compileMatch} from './match/modules.ts'
import type {Passing} from './passing.ts'
import {isWritten} from './written-sets.ts'

export type {PacketField} from './match/condition.ts'
export type {Passing} from './passing.ts'

/** The fields of a packet that a condition looks at. One may come twice: every rule of a node asks, and a set would take longer. */
export function fieldsOf(match: Match, sets: SetIndex): readonly PacketField[] {
  switch (match.kind) {
    case 'comment':
      return []
    case 'interface':
      if (match.name === 'lo') return [match.side]
      return match.side === 'in' ? ['in', 'source'] : ['out', 'destination']
    case 'protocol':
      return ['protocol']
    case 'address':
      return [match.side === 'src' ? 'source' : 'destination']
    case 'ports': {
      const looked: PacketField[] = match.protocol === '' ? [] : ['protocol']
      if (match.source) looked.push('sourcePort')
      if (match.destination) looked.push('port')
      return looked
    }
    case 'set':
      return sets.asks(match.set, sidesOf(match.sides))
    case 'mark':
      return ['mark']
    case 'state':
      return stateFields(match.states)
    case 'extension':
      return compiled(match).fields(sets)
  }
}

/**
 * Whether one condition holds for a packet. `unknown` if a value that it needs is not known or the match is not modelled.
 *
 * Source: iptables-extensions(8) and the files `xt_*.c` of Linux; checked against packets on a real kernel.
 */
export function holds(match: Match, packet: Passing, sets: SetIndex): Truth {
  switch (match.kind) {
    case 'comment':
      return true
    case 'protocol':
      return negatedIf(match.negated, protocolHolds(match.protocol, packet.protocol))
    case 'address': {
      const block = blockOf(match)
      return block
        ? negatedIf(match.negated, isAmong(block, match.side === 'src' ? packet.source : packet.destination))
        : 'unknown'
    }
    case 'interface':
      return negatedIf(match.negated, interfaceHolds(match, packet))
    case 'ports': {
      const isOfIt = match.protocol === '' || protocolHolds(match.protocol, packet.protocol)
      if (isOfIt === false) return false
      return all([isOfIt, inRange(match.source, packet.sourcePort), inRange(match.destination, packet.port)])
    }
    case 'set':
      if (isWritten(match.set, packet.writtenSets, sets)) return 'unknown'
      return negatedIf(match.negated, sets.holds(match.set, sidesOf(match.sides), packet))
    case 'mark':
      return negatedIf(match.negated, markHolds(match, packet.mark, packet.knownMark))
    case 'state':
      return negatedIf(match.negated, stateHolds(match.states, packet))
    case 'extension':
      return compiled(match).holds(packet, sets)
  }
}

type MatchOf<Kind extends Match['kind']> = Extract<Match, {readonly kind: Kind}>

// Rules are plain data that are kept and printed; what is read from their text lives as long as they do.
const conditions = new WeakMap<Match, Condition>()
const blocks = new WeakMap<Match, {readonly block: MaskedAddress | undefined}>()

function compiled(match: MatchOf<'extension'>): Condition {
  let condition = conditions.get(match)
  if (!condition) conditions.set(match, (condition = compileMatch(match.module, match.options)))
  return condition
}

function blockOf(match: MatchOf<'address'>): MaskedAddress | undefined {
  let known = blocks.get(match)
  if (!known) blocks.set(match, (known = {block: parseMaskedIpv4(match.block)}))
  return known.block
}

/**
 * A name that ends in `+` stands for all names that begin so. Which interface other than the loopback it is is not known, but for
 * those behind which only some addresses are.
 */
function interfaceHolds({name, side}: MatchOf<'interface'>, packet: Passing): Truth {
  const at = side === 'in' ? packet.in : packet.out
  const prefix = name.endsWith('+') ? name.slice(0, -1) : undefined
  if (prefix === '') return true
  if (at === 'none') return false
  if (at === 'lo') return prefix === undefined ? name === 'lo' : 'lo'.startsWith(prefix)
  if (name === 'lo') return false
  const networks = packet.host.networks.get(name)
  if (!networks) return 'unknown'
  const address = side === 'in' ? packet.source : packet.destination
  // A packet to elsewhere is not routed there. From there any address may be sent, but not that of a pod or a node.
  const isKnown = address !== UNKNOWN_ADDRESS && (side === 'out' || packet.host.isElsewhere(address))
  return isKnown && !networks.some(block => blockHolds(block, address)) ? false : 'unknown'
}

function inRange(range: PortRange | undefined, port: number | undefined): Truth {
  if (!range) return true
  if (port === undefined) return range.from === 0 && range.to === 65535 ? !range.negated : 'unknown'
  return negatedIf(range.negated, port >= range.from && port <= range.to)
}
