import type {Difference, Overlay} from '../drift/difference.ts'
import {memberText} from '../linux/ipset/member-text.ts'
import {isSetName} from '../names/kernel-name.ts'
import {parseIpv4Block, printIpv4} from '../net/ipv4.ts'
import type {Packet} from '../net/packet.ts'
import type {Program, ProgramSet} from '../policy/program.ts'
import type {NodeSet, NodeSets} from './node-set.ts'

const NOMATCH = ' nomatch'

/** `10.1.2.3/8` and `10.0.0.0/8` are one member; so are `TCP:80` and `tcp:80`. */
function normal(member: string): string {
  const isExcept = member.endsWith(NOMATCH)
  const entry = isExcept ? member.slice(0, -NOMATCH.length) : member
  const block = entry.includes('/') ? parseIpv4Block(entry) : undefined
  const text = block ? printIpv4(block.base) + (block.prefix === 32 ? '' : `/${block.prefix}`) : entry.toLowerCase()
  return isExcept ? text + NOMATCH : text
}

const entryOf = (member: string): string => (member.endsWith(NOMATCH) ? member.slice(0, -NOMATCH.length) : member)

/** Whom a set belongs to. */
type OwnerOf = (set: ProgramSet) => {readonly policy?: string}

/** Sets that are one policy's own: blocks, and several values of a label. */
function ownersIn({policies}: Program): OwnerOf {
  let users: Map<string, string | undefined> | undefined
  const usersOfSets = (): Map<string, string | undefined> => {
    const found = new Map<string, string | undefined>()
    for (const {policy, sets} of policies) for (const set of sets) found.set(set, found.has(set) ? undefined : policy)
    return found
  }
  return ({kernelName, type}) => {
    if (type !== 'NestedLabelOfPod' && type !== 'CIDRBlocks') return {}
    users ??= usersOfSets()
    const policy = users.get(kernelName)
    return policy === undefined ? {} : {policy}
  }
}

/** How many members a set has room for, which is part of what it is: another number is another kind of set. */
const roomOf = ({type}: ProgramSet): string => (type === 'CIDRBlocks' ? '4294967295' : '65536')

const hasOtherRoom = (set: ProgramSet, {header}: NodeSet): boolean =>
  set.ipsetType !== 'list:set' && header.has('maxelem') && header.get('maxelem') !== roomOf(set)

/** Compares the sets of a dump with those of a program. */
export function compareSets(
  program: Program,
  dump: NodeSets,
  isUsed: (set: string) => boolean,
  nameOf: (set: string) => string,
): {differences: Difference[]; notes: string[]} {
  const differences: Difference[] = []
  const notes: string[] = []
  const {sets} = dump
  if (!sets) return {differences, notes}
  const ownerOf = ownersIn(program)
  for (const expected of program.sets.values()) {
    const found = sets.get(expected.kernelName)
    if (!found) differences.push(missingSet(expected, ownerOf))
    else if (found.type !== expected.ipsetType) differences.push(changedType(expected, found, ownerOf))
    else {
      if (hasOtherRoom(expected, found)) differences.push(changedRoom(expected, found, ownerOf))
      if (dump.hasMembers && !hasSameMembers(expected, found))
        differences.push(...compareMembers(expected, found, ownerOf, nameOf))
    }
  }
  for (const found of sets.values()) {
    if (!isSetName(found.name) || program.sets.has(found.name)) continue
    if (found.members.length === 0 && !isUsed(found.name))
      notes.push(`set ${nameOf(found.name)} is empty and unused: Azure NPM removes it later`)
    else differences.push(extraSet(found, nameOf(found.name)))
  }
  return {differences, notes}
}

function missingSet(set: ProgramSet, ownerOf: OwnerOf): Difference {
  const {kernelName, name, members, ipsetType} = set
  const expected = `${ipsetType} with ${members.length} members`
  const item = {kind: 'set' as const, change: 'missing' as const, name, kernelName, ...ownerOf(set), expected}
  return {item, set: kernelName, apply: ({sets}) => sets.set(kernelName, {type: ipsetType, members: []})}
}

function changedType(set: ProgramSet, found: NodeSet, ownerOf: OwnerOf): Difference {
  const {kernelName, name, ipsetType} = set
  const item = {
    kind: 'set' as const,
    change: 'changed' as const,
    name,
    kernelName,
    ...ownerOf(set),
    expected: ipsetType,
    found: found.type,
  }
  const members = found.members.map(memberText)
  return {item, set: kernelName, apply: ({sets}) => sets.set(kernelName, {type: found.type, members})}
}

function extraSet(found: NodeSet, name: string): Difference {
  const item = {
    kind: 'set' as const,
    change: 'extra' as const,
    name,
    kernelName: found.name,
    found: `${found.type} with ${found.members.length} members`,
  }
  // No rule of the program names it; rules that somebody added are differences of their own.
  return {item}
}

function changedRoom(set: ProgramSet, {type, header}: NodeSet, ownerOf: OwnerOf): Difference {
  const {kernelName, name, ipsetType} = set
  const common = {kind: 'set' as const, change: 'changed' as const, name, kernelName, ...ownerOf(set)}
  return {
    item: {...common, expected: `${ipsetType} maxelem ${roomOf(set)}`, found: `${type} maxelem ${header.get('maxelem')}`},
  }
}

/** Whether the members are the same, word for word. Nearly all sets of nearly all nodes end here. */
function hasSameMembers({members}: ProgramSet, found: NodeSet): boolean {
  if (members.length !== found.members.length) return false
  const wanted = new Set(members)
  for (const member of found.members) if (!wanted.delete(memberText(member))) return false
  return true
}

/** Of a member such as `10.0.0.1,tcp:80`. */
function portOf(member: string): Pick<Difference, 'port'> {
  const parts = /,(tcp|udp|sctp):(\d+)$/.exec(member)
  return parts ? {port: {protocol: parts[1] as Packet['protocol'], port: Number(parts[2])}} : {}
}

function compareMembers(expected: ProgramSet, found: NodeSet, ownerOf: OwnerOf, nameOf: (set: string) => string): Difference[] {
  const wanted = new Map(expected.members.map(member => [entryOf(normal(member)), normal(member)]))
  const there = new Map(found.members.map(member => [entryOf(normal(memberText(member))), member]))
  const isList = expected.ipsetType === 'list:set'
  const common = {kind: 'member' as const, name: expected.name, kernelName: expected.kernelName, ...ownerOf(expected)}
  const shown = (member: string) => (isList ? nameOf(member) : member)
  const change = (without: string | undefined, withIt: string | undefined) => (overlay: Overlay) => {
    const set = overlay.sets.get(expected.kernelName)
    const members = (set?.members ?? []).filter(member => normal(member) !== without)
    overlay.sets.set(expected.kernelName, {
      type: expected.ipsetType,
      members: withIt === undefined ? members : [...members, withIt],
    })
  }
  const about = (member: string) => ({
    set: expected.kernelName,
    ...(isList ? {part: member} : {addresses: [/^[^, ]+/.exec(member)?.[0] ?? member]}),
    ...portOf(member),
  })
  const differences: Difference[] = []
  for (const [entry, member] of wanted) {
    const real = there.get(entry)
    if (!real)
      differences.push({
        item: {...common, change: 'missing', expected: shown(member)},
        apply: change(member, undefined),
        ...about(entry),
      })
    else if (normal(memberText(real)) !== member) {
      const item = {
        ...common,
        change: 'changed' as const,
        expected: shown(member),
        found: shown(memberText(real)),
        line: real.line,
      }
      differences.push({item, apply: change(member, normal(memberText(real))), ...about(entry)})
    }
  }
  for (const [entry, real] of there) {
    if (wanted.has(entry)) continue
    const member = normal(memberText(real))
    differences.push({
      item: {...common, change: 'extra', found: shown(member), line: real.line},
      apply: change(undefined, member),
      ...about(entry),
    })
  }
  return differences
}
