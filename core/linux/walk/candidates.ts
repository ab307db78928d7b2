import {parseIpv4Block} from '../../net/ipv4.ts'
import {blockOf, parseMember} from '../../sets/member.ts'
import type {SetIndex, WalkedSet} from '../../sets/set-index.ts'
import type {Match} from '../iptables/model.ts'

/** Where the addresses are for which a condition may be different from the rest: consecutive ones, as 32-bit numbers, both ends included. */
export interface SpecialAddresses {
  readonly from: Float64Array
  readonly to: Float64Array
  /** Whether the condition is a set that holds each of these addresses, and no other: single ones, whatever else the packet is. */
  readonly areMembers: boolean
}

/** Sets whose members are addresses and blocks. An address that is in no member's block is treated as all others of that kind. */
const PLAIN: ReadonlySet<string> = new Set(['hash:net', 'hash:ip', 'hash:ip,port'])

const NONE: SpecialAddresses = {from: new Float64Array(0), to: new Float64Array(0), areMembers: false}

/**
 * Where the addresses are for which a condition on one address may be different from the rest. All addresses outside these
 * ranges have the same answer.
 *
 * @returns undefined when that is not known
 */
export function specialAddresses(match: Match, sets: SetIndex): SpecialAddresses | undefined {
  if (match.kind === 'address') return rangesOf([match.block], false)
  if (match.kind !== 'set') return undefined
  const set = sets.set(match.set)
  // What an absent set holds is unknown for every address alike.
  if (!set) return NONE
  if (set.type !== 'list:set') return membersOf(match.set, sets)
  const parts: SpecialAddresses[] = []
  for (const member of set.members) {
    const part = membersOf(parseMember(member).subject, sets)
    if (!part) return undefined
    parts.push(part)
  }
  const all = (pick: (part: SpecialAddresses) => Float64Array): Float64Array => {
    const joined = new Float64Array(parts.reduce((sum, part) => sum + pick(part).length, 0))
    let at = 0
    for (const part of parts) {
      joined.set(pick(part), at)
      at += pick(part).length
    }
    return joined
  }
  const from = all(part => part.from)
  const areSingle = parts.every(part => part.from === part.to)
  return {from, to: areSingle ? from : all(({to}) => to), areMembers: !set.isCut && parts.every(({areMembers}) => areMembers)}
}

/** A set is asked for by both ends of packets, by every list that holds it, and by all walks of a node. */
const known = new WeakMap<WalkedSet, SpecialAddresses | 'none'>()

function membersOf(name: string, sets: SetIndex): SpecialAddresses | undefined {
  const set = sets.set(name)
  if (!set) return NONE
  // A mask makes addresses equal that are none of the members.
  if (!PLAIN.has(set.type) || set.header?.has('netmask') || set.header?.has('bitmask')) return undefined
  let ranges = known.get(set)
  if (!ranges) {
    const members = Array.from(set.members)
    const isOfAddresses = set.type !== 'hash:ip,port' && set.header?.get('family') !== 'inet6' && !set.isCut
    ranges =
      rangesOf(
        members.map(member => parseMember(member).subject),
        isOfAddresses && !members.some(member => member.includes(' ')),
      ) ?? 'none'
    known.set(set, ranges)
  }
  return ranges === 'none' ? undefined : ranges
}

function rangesOf(texts: readonly string[], mayBeMembers: boolean): SpecialAddresses | undefined {
  const [from, to] = [new Float64Array(texts.length), new Float64Array(texts.length)]
  let areSingle = true
  for (const [at, text] of texts.entries()) {
    const block = text.includes('/') ? parseIpv4Block(text) : blockOf({subject: text})
    if (!block) return undefined
    from[at] = block.base
    to[at] = block.base + 2 ** (32 - block.prefix) - 1
    if (block.prefix !== 32) areSingle = false
  }
  // In order they are found one behind the other.
  if (areSingle) return {from: from.sort(), to: from, areMembers: mayBeMembers}
  return {from, to, areMembers: false}
}
