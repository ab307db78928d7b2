import {blockHolds, type Ipv4Block, parseIpv4} from '../net/ipv4.ts'
import {blockOf, parseMember} from '../sets/member.ts'
import type {WalkedSet} from '../sets/set-index.ts'

/**
 * Rules look at addresses only through sets, so addresses with the same memberships are one class, and one of them
 * stands for all. Conditions on addresses themselves are not looked at: a walk that meets one decides each alone.
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

/** Memberships by single address as text, and all blocks. Ports of an address count: named ports differ by pod. */
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
