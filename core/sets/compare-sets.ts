import {isSetName} from '../names/kernel-name.ts'
import {canonicalEntry, canonicalMember, memberText, parseMember} from './member.ts'
import type {NodeSet, NodeSets} from './node-set.ts'
import type {MemberDifference, MemberState, SetDifference, SetState, SetSubject} from './set-difference.ts'

/** A set that is asked for. */
export interface WantedSet {
  /** Readable: `podlabel-app:web`. */
  readonly name: string
  readonly kernelName: string
  readonly ipsetType: string
  /** As the kernel prints them, no entry twice. */
  readonly members: readonly string[]
}

/** What is known of sets beside what they hold. */
export interface SetFacts<Wanted> {
  /** How many members Azure NPM gives a set room for; undefined where that is no fact of the set. */
  readonly maxelemOf: (set: Wanted) => string | undefined
  /** The policy whose set it is. */
  readonly ownerOf: (set: Wanted) => string | undefined
  /** Whether a rule on the node names a set. */
  readonly isUsed: (kernelName: string) => boolean
  /** The readable name of a set. */
  readonly nameOf: (kernelName: string) => string
}

/** Compares the sets of a node with those that are asked for. */
export function compareSets<Wanted extends WantedSet>(
  wanted: ReadonlyMap<string, Wanted>,
  node: NodeSets,
  facts: SetFacts<Wanted>,
): {differences: (SetDifference | MemberDifference)[]; notes: string[]} {
  const differences: (SetDifference | MemberDifference)[] = []
  const notes: string[] = []
  if (!node.sets) return {differences, notes}
  for (const set of wanted.values()) {
    const found = node.sets.get(set.kernelName)
    if (found && node.hasMembers && isEqual(set, found, facts)) continue
    const policy = facts.ownerOf(set)
    const subject = {set: {name: set.name, kernelName: set.kernelName}, ...(policy !== undefined && {policy})}
    const asked = stateOf(set, facts)
    if (!found) differences.push({kind: 'set', ...subject, wanted: asked})
    else differences.push(...compareSetStates(subject, asked, foundState(found, node.hasMembers), facts.nameOf, linesOf(found)))
  }
  for (const found of node.sets.values()) {
    const {name: kernelName, members} = found
    if (!isSetName(kernelName) || wanted.has(kernelName)) continue
    const name = facts.nameOf(kernelName)
    if (members.length === 0 && !facts.isUsed(kernelName))
      notes.push(`set ${name} is empty and unused: Azure NPM removes it later`)
    else differences.push({kind: 'set', set: {name, kernelName}, found: foundState(found, true) as SetState})
  }
  return {differences, notes}
}

function stateOf<Wanted extends WantedSet>(set: Wanted, {maxelemOf}: SetFacts<Wanted>): SetState {
  const maxelem = maxelemOf(set)
  return {type: set.ipsetType, ...(maxelem !== undefined && {maxelem}), members: set.members}
}

/** A set of a node, whose members may not be known. */
type FoundState = Omit<SetState, 'members'> & Partial<Pick<SetState, 'members'>>

/** @param hasMembers without them the set is known to be there, and nothing is known of what it holds */
function foundState({type, header, members}: NodeSet, hasMembers: boolean): FoundState {
  const maxelem = header.get('maxelem')
  return {type, ...(maxelem !== undefined && {maxelem}), ...(hasMembers && {members: members.map(memberText)})}
}

const linesOf = ({members}: NodeSet): ReadonlyMap<string, number> =>
  new Map(members.map(({entry, line}) => [canonicalEntry(entry), line]))

/** Whether a set is what is asked for, word for word. Nearly all sets of nearly all nodes end here, with no text made. */
function isEqual<Wanted extends WantedSet>(set: Wanted, found: NodeSet, facts: SetFacts<Wanted>): boolean {
  if (found.type !== set.ipsetType || set.members.length !== found.members.length) return false
  if (hasOtherRoom(stateOf(set, facts), {type: found.type, ...maxelemIn(found)})) return false
  const wanted = new Set(set.members)
  for (const member of found.members) if (!wanted.delete(memberText(member))) return false
  return true
}

const maxelemIn = ({header}: NodeSet): Pick<SetState, 'maxelem'> => {
  const maxelem = header.get('maxelem')
  return maxelem === undefined ? {} : {maxelem}
}

type Header = Pick<SetState, 'type' | 'maxelem'>

/** How many members a set has room for is part of what it is: another number is another kind of set. */
const hasOtherRoom = (wanted: Header, found: Header): boolean =>
  wanted.type !== 'list:set' && wanted.maxelem !== undefined && found.maxelem !== undefined && wanted.maxelem !== found.maxelem

/**
 * Compares two states of one set.
 *
 * @param found without members, these are not compared
 * @param lines entry → line, of members that were read from a document
 */
export function compareSetStates(
  subject: {readonly set: SetSubject; readonly policy?: string},
  wanted: SetState,
  found: FoundState,
  nameOf: (kernelName: string) => string,
  lines?: ReadonlyMap<string, number>,
): (SetDifference | MemberDifference)[] {
  if (wanted.type !== found.type) return [{kind: 'set', ...subject, wanted, found: {...found, members: found.members ?? []}}]
  const differences: (SetDifference | MemberDifference)[] = []
  if (hasOtherRoom(wanted, found))
    differences.push({kind: 'set', ...subject, wanted, found: {...found, members: found.members ?? []}})
  if (!found.members) return differences
  return [...differences, ...compareMembers({...subject, type: wanted.type}, wanted.members, found.members, nameOf, lines)]
}

function* compareMembers(
  subject: {readonly set: SetSubject; readonly type: string; readonly policy?: string},
  wanted: readonly string[],
  found: readonly string[],
  nameOf: (kernelName: string) => string,
  lines: ReadonlyMap<string, number> | undefined,
): Generator<MemberDifference> {
  const asked = new Map(wanted.map(text => [canonicalEntry(parseMember(text).entry), canonicalMember(text)]))
  const there = new Map(found.map(text => [canonicalEntry(parseMember(text).entry), text]))
  const isList = subject.type === 'list:set'
  const state = (text: string, line?: number): MemberState => ({
    text,
    ...(isList && {name: nameOf(text)}),
    ...(line !== undefined && {line}),
  })
  for (const [entry, text] of asked) {
    const real = there.get(entry)
    if (real === undefined) yield {kind: 'member', ...subject, wanted: state(text)}
    else if (canonicalMember(real) !== text)
      yield {kind: 'member', ...subject, wanted: state(text), found: state(real, lines?.get(entry))}
  }
  for (const [entry, text] of there)
    if (!asked.has(entry)) yield {kind: 'member', ...subject, found: state(canonicalMember(text), lines?.get(entry))}
}
