import type {Packet} from '../../net/packet.ts'
import type {PacketScope} from '../../packets/rule-conditions.ts'
import {parseMember} from '../../sets/member.ts'
import type {MemberDifference} from '../../sets/set-difference.ts'
import {ruleKey} from './canonical.ts'
import type {ComparedRule, LinuxDifference} from './compared-rule.ts'

/**
 * Finds the packets whose verdict a difference may change.
 *
 * @returns undefined if it cannot change any verdict. A set that only the node has matters to rules that only the node has, which
 *   are differences themselves. Comments and `maxelem` do not affect packets.
 */
export function scopeOf(difference: LinuxDifference): PacketScope<ComparedRule> | undefined {
  switch (difference.kind) {
    case 'member':
      return scopeOfMember(difference)
    case 'set': {
      const {set, wanted, found} = difference
      return wanted && wanted.type !== found?.type ? {set: set.kernelName} : undefined
    }
    case 'chain':
      return {rules: difference.wanted ?? difference.found ?? []}
    case 'order':
      return {
        rules: difference.pairs
          .map(({found}) => found)
          .toSorted((a, b) => a.position - b.position)
          .map(({rule}) => rule),
      }
    case 'rule': {
      const {wanted, found} = difference
      if (wanted && found && ruleKey(wanted.rule) === ruleKey(found.rule)) return undefined
      return {rules: [wanted, found].flatMap(side => side?.rule ?? [])}
    }
    case 'jump':
      return difference.wanted && {rules: [difference.wanted.rule]}
  }
}

function scopeOfMember({set, type, wanted, found}: MemberDifference): PacketScope<ComparedRule> {
  const {entry, subject, port} = parseMember((wanted ?? found)?.text ?? '')
  return {
    set: set.kernelName,
    ...(type === 'list:set' ? {part: entry} : {addresses: [subject]}),
    ...(port && isTransport(port.protocol) && {port: {protocol: port.protocol, port: port.number}}),
  }
}

const isTransport = (protocol: string): protocol is Packet['protocol'] => /^(?:tcp|udp|sctp)$/.test(protocol)
