import {type Ipv4Block, parseIpv4, parseIpv4Block} from '../net/ipv4.ts'
import {memberText, parseMember} from '../sets/member.ts'
import type {NodeSet, NodeSets} from '../sets/node-set.ts'

const EVERYWHERE: Ipv4Block = {base: 0, prefix: 0}

/**
 * The blocks of which sets say something else on one node than on another: members that only one has, those of sets that are in a list
 * on one only, among them. Of an address in none of them every condition on sets has one answer.
 */
export function movedMembers({sets: before = new Map()}: NodeSets, {sets: after = new Map()}: NodeSets): Ipv4Block[] {
  const moved = new Map<string, Ipv4Block>()
  const seen = new Set<string>()
  const add = (text: string): void => {
    const {subject} = parseMember(text)
    const address = parseIpv4(subject)
    const block = address === undefined ? parseIpv4Block(subject) : {base: address, prefix: 32}
    moved.set(subject, block ?? EVERYWHERE)
  }
  /** All that a set holds on either node. */
  const addAll = (name: string): void => {
    if (seen.has(name)) return
    seen.add(name)
    for (const set of [before.get(name), after.get(name)])
      for (const member of set?.members ?? [])
        if (isList(set)) addAll(member.entry)
        else add(memberText(member))
  }
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [one, other] = [before.get(name), after.get(name)]
    if (one === other) continue
    // Other properties may change what all members mean.
    if (!one || !other || one.type !== other.type || widthOf(one) !== widthOf(other)) addAll(name)
    else
      for (const text of difference(one, other))
        if (isList(one)) addAll(text)
        else add(text)
  }
  return [...moved.values()]
}

const isList = (set: NodeSet | undefined): boolean => set?.type === 'list:set'
const widthOf = ({header}: NodeSet): string => [header.get('netmask'), header.get('bitmask')].join()

/** Members that only one of two sets has. */
function difference(one: NodeSet, other: NodeSet): Set<string> {
  const left = new Set(one.members.map(memberText))
  for (const member of other.members) {
    const text = memberText(member)
    if (!left.delete(text)) left.add(text)
  }
  return left
}
