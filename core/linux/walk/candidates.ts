import {parseIpv4Block} from '../../net/ipv4.ts'
import {blockOf, parseMember} from '../../sets/member.ts'
import type {SetIndex, WalkedSet} from '../../sets/set-index.ts'
import type {Match} from '../iptables/model.ts'

/** Consecutive addresses as 32-bit numbers; both ends are included. */
export interface AddressRange {
  readonly from: number
  readonly to: number
}

/** Sets whose members are addresses and blocks. An address that is in no member's block is treated as all others of that kind. */
const PLAIN: ReadonlySet<string> = new Set(['hash:net', 'hash:ip', 'hash:ip,port'])

/**
 * Where the addresses are for which a condition on one address may be different from the rest. All addresses outside these
 * ranges have the same answer.
 *
 * @returns undefined when that is not known
 */
export function specialAddresses(match: Match, sets: SetIndex): readonly AddressRange[] | undefined {
  if (match.kind === 'address') return rangesOf([match.block])
  if (match.kind !== 'set') return undefined
  const set = sets.set(match.set)
  // What an absent set holds is unknown for every address alike.
  if (!set) return []
  if (set.type !== 'list:set') return membersOf(match.set, sets)
  const ranges: AddressRange[] = []
  for (const member of set.members) {
    const parts = membersOf(parseMember(member).subject, sets)
    if (!parts) return undefined
    for (const part of parts) ranges.push(part)
  }
  return ranges
}

/** A set is asked for by both ends of packets, by every list that holds it, and by all walks of a node. */
const known = new WeakMap<WalkedSet, readonly AddressRange[] | 'none'>()

function membersOf(name: string, sets: SetIndex): readonly AddressRange[] | undefined {
  const set = sets.set(name)
  if (!set) return []
  // A mask makes addresses equal that are none of the members.
  if (!PLAIN.has(set.type) || set.header?.has('netmask') || set.header?.has('bitmask')) return undefined
  let ranges = known.get(set)
  if (!ranges) {
    ranges = rangesOf(Array.from(set.members, member => parseMember(member).subject)) ?? 'none'
    known.set(set, ranges)
  }
  return ranges === 'none' ? undefined : ranges
}

function rangesOf(texts: readonly string[]): AddressRange[] | undefined {
  const ranges: AddressRange[] = []
  for (const text of texts) {
    const block = text.includes('/') ? parseIpv4Block(text) : blockOf({subject: text})
    if (!block) return undefined
    ranges.push({from: block.base, to: block.base + 2 ** (32 - block.prefix) - 1})
  }
  return ranges
}
