import {isSetName} from '../names/kernel-name.ts'
import {canonicalEntry, canonicalMember, memberText, parseMember} from './member.ts'
import type {NodeSet, NodeSets} from './node-set.ts'
import type {MemberDifference, MemberState, SetDifference, SetState, SetSubject} from './set-difference.ts'

/** A set that the policies require. */
export interface WantedSet {
  /** Readable: `podlabel-app:web`. */
  readonly name: string
  readonly kernelName: string
  readonly ipsetType: string
  /** As the kernel prints them, without duplicates. */
  readonly members: readonly string[]
}

/** Facts about sets besides their members. */
export interface SetFacts<Wanted> {
  /** The `maxelem` with which Azure NPM creates a set; undefined for types without one. */
  readonly maxelemOf: (set: Wanted) => string | undefined
  /** `namespace/name` of the policy that owns a set, if one does. */
  readonly ownerOf: (set: Wanted) => string | undefined
  /** Whether a rule of Azure NPM names a set. */
  readonly isUsed: (kernelName: string) => boolean
  /** The readable name of a set. */
  readonly nameOf: (kernelName: string) => string
}

/**
 * Compares the sets of a node with those that the policies require.
 *
 * @param wanted by kernel name
 * @returns differences, and notes on sets that differ without effect; nothing when the node's sets are unknown
 */
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
      notes.push(
        `set ${name} is empty, and nothing of Azure NPM uses it: unless another program does, Azure NPM removes it later`,
      )
    else differences.push({kind: 'set', set: {name, kernelName}, found: foundState(found, true) as SetState})
  }
  return {differences, notes}
}

function stateOf<Wanted extends WantedSet>(set: Wanted, {maxelemOf}: SetFacts<Wanted>): SetState {
  const maxelem = maxelemOf(set)
  return {type: set.ipsetType, ...(maxelem !== undefined && {maxelem}), members: set.members}
}

/** A set of a node; `members` is absent when they are unknown. */
type FoundState = Omit<SetState, 'members'> & Partial<Pick<SetState, 'members'>>

/** @param hasMembers when false, the set exists and its members are unknown */
function foundState({type, header, members}: NodeSet, hasMembers: boolean): FoundState {
  const maxelem = header.get('maxelem')
  return {type, ...(maxelem !== undefined && {maxelem}), ...(hasMembers && {members: members.map(memberText)})}
}

const linesOf = ({members}: NodeSet): ReadonlyMap<string, number> =>
  new Map(members.map(({entry, line}) => [canonicalEntry(entry), line]))

/** Whether a set is textually equal to the wanted one. A fast path: nearly all sets are. */
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

/** Whether `maxelem` differs. The kernel cannot change it, so such a set must be created again. */
const hasOtherRoom = (wanted: Header, found: Header): boolean =>
  wanted.type !== 'list:set' && wanted.maxelem !== undefined && found.maxelem !== undefined && wanted.maxelem !== found.maxelem

/**
 * Compares two states of one set.
 *
 * @param found when its `members` are absent, members are not compared
 * @param nameOf the readable name of a set, for members of lists
 * @param lines canonical entry → line in the document, from 1
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
