import {type MaskedAddress, parseIpv4, parseMaskedIpv4} from '../net/ipv4.ts'
import {parseMember} from '../sets/member.ts'
import {addressMask} from '../sets/membership.ts'
import type {WalkedSet} from '../sets/set-index.ts'

/**
 * Groups addresses by the sets that contain them. Rules match addresses through sets, so a walk of one address holds for its
 * whole class. Conditions on addresses without a set are not considered here; callers handle their blocks.
 *
 * @param addresses IPv4 as text; others are left out
 * @param named blocks and masked addresses that something else looks at
 * @returns classes of addresses, by a key that has no meaning outside
 */
export function addressClasses(
  sets: ReadonlyMap<string, WalkedSet>,
  addresses: Iterable<string>,
  named: Iterable<string> = [],
): Map<string, string[]> {
  const {exact, blocks} = index(sets)
  for (const text of named) {
    const masked = parseMaskedIpv4(text)
    if (masked) blocks.push(masked)
  }
  const classes = new Map<string, string[]>()
  for (const address of addresses) {
    const value = parseIpv4(address)
    if (value === undefined) continue
    let key = `${exact.get(address) ?? ''}|`
    for (let at = 0; at < blocks.length; at++) {
      const {base, mask} = blocks[at] as MaskedAddress
      if ((value & mask) >>> 0 === base) key += `${at},`
    }
    const known = classes.get(key)
    if (known) known.push(address)
    else classes.set(key, [address])
  }
  return classes
}

/** Memberships of single addresses by address, and all blocks. What else a member holds is part of its addresses' membership. */
function index(sets: ReadonlyMap<string, WalkedSet>): {exact: Map<string, string>; blocks: MaskedAddress[]} {
  const exact = new Map<string, string>()
  const blocks: MaskedAddress[] = []
  let number = 0
  for (const set of sets.values()) {
    number++
    if (set.type === 'list:set') continue
    // Under a mask, addresses are members that stand in no member.
    const mask = addressMask(set.header) ?? 0
    for (const text of set.members) {
      const {entry, isException} = parseMember(text)
      const parts = entry.split(',')
      for (const [at, part] of parts.entries()) {
        if (part.includes('/') || mask !== 0xffffffff) {
          const block = parseMaskedIpv4(part)
          if (block) blocks.push({base: (block.base & mask) >>> 0, mask: (block.mask & mask) >>> 0})
          continue
        }
        // A set of addresses has one part. Of others, the rest tells members apart.
        const rest = parts.length === 1 ? '' : `${at},${parts.toSpliced(at, 1).join()}`
        exact.set(part, `${exact.get(part) ?? ''}${number}${rest}${isException ? '!' : ''} `)
      }
    }
  }
  return {exact, blocks}
}
