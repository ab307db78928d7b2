import {blockHolds, type Ipv4Block, parseIpv4, parseIpv4Block} from '../net/ipv4.ts'
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
    const inBlocks = blocks.map(({block}, at) => (blockHolds(block, value) ? at : -1)).filter(at => at >= 0)
    const key = `${own}|${inBlocks.join(',')}`
    const known = classes.get(key)
    if (known) known.push(address)
    else classes.set(key, [address])
  }
  return classes
}

/** Memberships by single address as text, and all blocks. Ports of an address count: named ports differ by pod. */
function index(sets: ReadonlyMap<string, WalkedSet>): {exact: Map<string, string>; blocks: {block: Ipv4Block}[]} {
  const exact = new Map<string, string>()
  const blocks: {block: Ipv4Block}[] = []
  let number = 0
  for (const set of sets.values()) {
    number++
    if (set.type === 'list:set') continue
    for (const member of set.members) {
      const entry = /^\S+/.exec(member)?.[0] ?? member
      if (entry.includes('/')) {
        const block = parseIpv4Block(entry)
        if (block) blocks.push({block})
        continue
      }
      const comma = entry.indexOf(',')
      const address = comma < 0 ? entry : entry.slice(0, comma)
      const mark = `${number}${comma < 0 ? '' : entry.slice(comma)}${member.includes(' nomatch') ? '!' : ''} `
      exact.set(address, (exact.get(address) ?? '') + mark)
    }
  }
  return {exact, blocks}
}
