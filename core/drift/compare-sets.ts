import {parseIpv4Block, printIpv4} from '../cluster/ipv4.ts'
import type {NodeDump} from '../dump/model.ts'
import {memberText} from '../ipset/member-text.ts'
import type {MatchSet} from '../ipset/model.ts'
import {isSetName} from '../names/kernel-name.ts'
import type {Program, ProgramSet} from '../policy/program.ts'
import type {Difference, Overlay} from './difference.ts'

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

/** Whom a set belongs to when it is one policy's own. */
function ownerOf({name, type}: ProgramSet, program: Program): {policy?: string} {
  if (type !== 'NestedLabelOfPod' && type !== 'CIDRBlocks') return {}
  const owners = program.policies.filter(({sets}) => sets.some(set => program.sets.get(set)?.name === name))
  return owners.length === 1 && owners[0] ? {policy: owners[0].policy} : {}
}

/** Compares the sets of a dump with those of a program. */
export function compareSets(
  program: Program,
  dump: NodeDump,
  isUsed: (set: string) => boolean,
  nameOf: (set: string) => string,
): {differences: Difference[]; notes: string[]} {
  const differences: Difference[] = []
  const notes: string[] = []
  const {sets} = dump
  if (!sets) return {differences, notes}
  for (const expected of program.sets.values()) {
    const found = sets.get(expected.kernelName)
    if (!found) differences.push(missingSet(expected, program))
    else if (found.type !== expected.ipsetType) differences.push(changedType(expected, found, program))
    else if (dump.hasMembers) differences.push(...compareMembers(expected, found, program, nameOf))
  }
  for (const found of sets.values()) {
    if (!isSetName(found.name) || program.sets.has(found.name)) continue
    if (found.members.length === 0 && !isUsed(found.name))
      notes.push(`set ${nameOf(found.name)} is empty and unused: Azure NPM removes it later`)
    else differences.push(extraSet(found, nameOf(found.name)))
  }
  return {differences, notes}
}

function missingSet(set: ProgramSet, program: Program): Difference {
  const {kernelName, name, members, ipsetType} = set
  const expected = `${ipsetType} with ${members.length} members`
  const item = {kind: 'set' as const, change: 'missing' as const, name, kernelName, ...ownerOf(set, program), expected}
  return {item, apply: ({sets}) => sets.set(kernelName, {type: ipsetType, members: []})}
}

function changedType(set: ProgramSet, found: MatchSet, program: Program): Difference {
  const {kernelName, name, ipsetType} = set
  const item = {
    kind: 'set' as const,
    change: 'changed' as const,
    name,
    kernelName,
    ...ownerOf(set, program),
    expected: ipsetType,
    found: found.type,
  }
  const members = found.members.map(memberText)
  return {item, apply: ({sets}) => sets.set(kernelName, {type: found.type, members})}
}

function extraSet(found: MatchSet, name: string): Difference {
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

function compareMembers(expected: ProgramSet, found: MatchSet, program: Program, nameOf: (set: string) => string): Difference[] {
  const wanted = new Map(expected.members.map(member => [entryOf(normal(member)), normal(member)]))
  const there = new Map(found.members.map(member => [entryOf(normal(memberText(member))), member]))
  const isList = expected.ipsetType === 'list:set'
  const owner = ownerOf(expected, program)
  const common = {kind: 'member' as const, name: expected.name, kernelName: expected.kernelName, ...owner}
  const shown = (member: string) => (isList ? nameOf(member) : member)
  const change = (without: string | undefined, withIt: string | undefined) => (overlay: Overlay) => {
    const set = overlay.sets.get(expected.kernelName)
    const members = (set?.members ?? []).filter(member => normal(member) !== without)
    overlay.sets.set(expected.kernelName, {
      type: expected.ipsetType,
      members: withIt === undefined ? members : [...members, withIt],
    })
  }
  const about = (member: string) => (isList ? {} : {addresses: [/^[^, ]+/.exec(member)?.[0] ?? member]})
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
