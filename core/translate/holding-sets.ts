import type {SetEntry} from '../contract/common.ts'
import type {HeldBy} from '../contract/membership.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import {blockHolds, parseIpv4} from '../net/ipv4.ts'
import {blockOf, type Member, parseMember} from '../sets/member.ts'

/**
 * The sets of a node that hold an address, lists of such sets among them, by kernel name.
 *
 * @param port of sets whose members are addresses with ports only this one is looked for
 */
export function setsHolding(address: string, node: NodeState, port?: Member['port']): Map<string, HeldBy> {
  const found = new Map<string, HeldBy>()
  const all = [...node.translation().sets()]
  for (const entry of all) {
    const members = entry.kind === 'list' ? [] : holdingMembers(entry, address, port)
    if (members.length > 0) found.set(entry.set, heldBy(entry, {members, through: []}, node))
  }
  for (const entry of all) {
    if (entry.kind !== 'list') continue
    const through = (entry.members ?? []).flatMap(member => found.get(member) ?? [])
    if (through.length > 0)
      found.set(entry.set, heldBy(entry, {members: [], through: through.map(({set, name}) => shown(set, name))}, node))
  }
  return found
}

const shown = (set: string, name: string): string => (name === 'unknown' ? set : name)

const heldBy = (
  {set, name, meaning}: SetEntry,
  {members, through}: {readonly members: string[]; readonly through: string[]},
  {node}: NodeState,
): HeldBy => ({set, name, meaning, members, through, nodes: [node]})

/** The members of a set that hold an address. Of blocks the longest decides, and may be an exception. */
function holdingMembers({members}: SetEntry, address: string, asked: Member['port']): string[] {
  const number = parseIpv4(address)
  const found: string[] = []
  let longest: {readonly prefix: number; readonly text: string; readonly isException: boolean} | undefined
  for (const text of members ?? []) {
    const member = parseMember(text)
    const {subject, port, isException} = member
    if (port) {
      const isAsked = !asked || (asked.protocol === port.protocol && asked.number === port.number)
      if (subject === address && isAsked) found.push(text)
      continue
    }
    if (subject !== address && !subject.includes('/')) continue
    const block = blockOf(member)
    if (!block || number === undefined || !blockHolds(block, number) || (longest && longest.prefix >= block.prefix)) continue
    longest = {prefix: block.prefix, text, isException}
  }
  return longest && !longest.isException ? [...found, longest.text] : found
}

/** The same sets on several nodes, once. */
export function joined(ofNodes: readonly ReadonlyMap<string, HeldBy>[]): HeldBy[] {
  const found = new Map<string, HeldBy>()
  for (const each of ofNodes.flatMap(sets => [...sets.values()])) {
    const key = JSON.stringify([each.set, each.name, each.members, each.through.toSorted()])
    const known = found.get(key)
    if (known) known.nodes.push(...each.nodes)
    else found.set(key, {...each, nodes: [...each.nodes]})
  }
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}
