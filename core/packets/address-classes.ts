import {blockHolds, type Ipv4Block, parseIpv4} from '../net/ipv4.ts'
import {blockOf, parseMember} from '../sets/member.ts'
import type {WalkedSet} from '../sets/set-index.ts'

/**
 * Groups addresses by the sets that contain them. Rules match addresses through sets, so a walk of one address holds for its
 * whole class. Conditions on addresses without a set are not considered here; callers handle their blocks.
 *
 * @param addresses IPv4 as text; others are left out
 * @returns classes of addresses, by a key that has no meaning outside
 */
export function addressClasses(sets: ReadonlyMap<string, WalkedSet>, addresses: Iterable<string>): Map<string, string[]> {
  const {exact, blocks} = index(sets)
  const classes = new Map<string, string[]>()
  for (const address of addresses) {
    const value = parseIpv4(address)
    if (value === undefined) continue
    const own = exact.get(address) ?? ''
    const inBlocks = blocks.map((block, at) => (blockHolds(block, value) ? at : -1)).filter(at => at >= 0)
    const key = `${own}|${inBlocks.join(',')}`
    const known = classes.get(key)
    if (known) known.push(address)
    else classes.set(key, [address])
  }
  return classes
}

/** Memberships of single addresses by address, and all blocks. The ports of an address are part of its membership. */
function index(sets: ReadonlyMap<string, WalkedSet>): {exact: Map<string, string>; blocks: Ipv4Block[]} {
  const exact = new Map<string, string>()
  const blocks: Ipv4Block[] = []
  let number = 0
  for (const set of sets.values()) {
    number++
    if (set.type === 'list:set') continue
    for (const text of set.members) {
      const member = parseMember(text)
      const {subject, port, isException} = member
      if (subject.includes('/')) {
        const block = blockOf(member)
        if (block) blocks.push(block)
        continue
      }
      const mark = `${number}${port ? `,${port.protocol}:${port.number}` : ''}${isException ? '!' : ''} `
      exact.set(subject, (exact.get(subject) ?? '') + mark)
    }
  }
  return {exact, blocks}
}
