import type {SetEntry} from '../contract/common.ts'
import type {Description} from '../contract/description.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import {parseIpv4} from '../net/ipv4.ts'
import {parseMember} from '../sets/member.ts'
import {compileSet} from '../sets/membership.ts'
import {packetFrom, sidesOf} from '../sets/sides.ts'

type HeldBy = Description['heldBy'][number]

/** The sets of a node that hold an address, lists of such sets among them, by kernel name. */
export function setsHolding(address: string, node: NodeState): Map<string, HeldBy> {
  const found = new Map<string, HeldBy>()
  const all = [...node.translation().sets()]
  for (const entry of all) if (entry.kind !== 'list' && holds(entry, address)) found.set(entry.set, heldBy(entry, [], node))
  for (const entry of all) {
    if (entry.kind !== 'list') continue
    const through = (entry.members ?? []).flatMap(member => found.get(member) ?? [])
    if (through.length > 0)
      found.set(
        entry.set,
        heldBy(
          entry,
          through.map(({set, name}) => shown(set, name)),
          node,
        ),
      )
  }
  return found
}

const shown = (set: string, name: string): string => (name === 'unknown' ? set : name)

const heldBy = ({set, name, meaning}: SetEntry, through: string[], {node}: NodeState): HeldBy => ({
  set,
  name,
  meaning,
  through,
  nodes: [node],
})

function holds({ipsetType, members}: SetEntry, address: string): boolean {
  if (!members) return false
  // Of sets of pods each member is an address: blocks, and exceptions from them, are looked at as the kernel does.
  if (!members.some(member => member.includes('/'))) return members.some(member => parseMember(member).subject === address)
  const number = parseIpv4(address)
  return number !== undefined && compileSet({type: ipsetType, members}).holds(packetFrom(number), SOURCE, false) === true
}

const SOURCE = sidesOf('src')

/** The same sets on several nodes, once. */
export function joined(ofNodes: readonly ReadonlyMap<string, HeldBy>[]): HeldBy[] {
  const found = new Map<string, HeldBy>()
  for (const each of ofNodes.flatMap(sets => [...sets.values()])) {
    const key = JSON.stringify([each.set, each.name, each.through.toSorted()])
    const known = found.get(key)
    if (known) known.nodes.push(...each.nodes)
    else found.set(key, {...each, nodes: [...each.nodes]})
  }
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}
