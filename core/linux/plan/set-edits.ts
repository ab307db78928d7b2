import {entryOf} from '../../sets/member.ts'
import {byEntry, canonicalOptions, isSameSet} from './canonical-part.ts'
import {createLine, type SetLine} from './line.ts'
import {isListType, type PartSet} from './part.ts'

/** A line with what takes it back: several lines where a set is filled again. */
export interface SetEdit {
  readonly line: SetLine
  readonly undo: readonly SetLine[]
}

/** Gives a set of our own a name that no set has. */
export type NameTwin = (set: string) => string

const edit = (line: SetLine, ...undo: readonly SetLine[]): SetEdit => ({line, undo})

const addLine = (set: string, member: string): SetLine => ({does: 'add', set, member})
const delLine = (set: string, member: string): SetLine => ({does: 'del', set, entry: entryOf(member)})

const added = (set: string, member: string): SetEdit => edit(addLine(set, member), delLine(set, member))
const deleted = (set: string, member: string): SetEdit => edit(delLine(set, member), addLine(set, member))

/** Makes a set with its members. */
export function makeSet(set: PartSet): SetEdit[] {
  const {name, members} = set
  return [edit(createLine(set), {does: 'destroy', set: name}), ...members.map(member => added(name, member))]
}

/** Empties a set and takes it away. */
export function removeSet(set: PartSet): SetEdit[] {
  return [...emptySet(set), edit({does: 'destroy', set: set.name}, createLine(set))]
}

const emptySet = ({name, members}: PartSet): SetEdit[] =>
  members.length === 0 ? [] : [edit({does: 'flush', set: name}, ...members.map(member => addLine(name, member)))]

/** Exchanges what two sets of one type hold, under the rules and lists that name them. */
export const swapSets = (set: string, other: string): SetEdit => {
  const line: SetLine = {does: 'swap', set, other}
  return edit(line, line)
}

/** How the members of a set change, one by one. */
export interface MemberEdits {
  readonly added: readonly SetEdit[]
  readonly deleted: readonly SetEdit[]
  /** Whether a member changes what it says of its entry, which takes two lines. */
  readonly hasReplaced: boolean
}

export function memberEdits(now: PartSet, next: PartSet): MemberEdits {
  const {name} = next
  if (now.members === next.members) return {added: [], deleted: [], hasReplaced: false}
  const known = byEntry(now)
  const more: SetEdit[] = []
  const less: SetEdit[] = []
  let hasReplaced = false
  for (const member of next.members) {
    const entry = entryOf(member)
    const there = known.get(entry)
    known.delete(entry)
    if (there === member) continue
    more.push(added(name, member))
    if (there === undefined) continue
    less.push(deleted(name, there))
    hasReplaced = true
  }
  for (const member of known.values()) less.push(deleted(name, member))
  return {added: more, deleted: less, hasReplaced}
}

/** Whether a set can become another one without being destroyed. */
export const isSameKind = (now: PartSet, next: PartSet): boolean =>
  now.type === next.type && canonicalOptions(now) === canonicalOptions(next)

/**
 * Brings sets that no rule looks at to what they are to be. Lists lose members before these are destroyed, and get them after they
 * were made. New sets are made first, in the order of their names here: the kernel looks through its sets in the order in which they were made.
 *
 * @param now all sets of the node; changed to what they are behind the lines
 * @param names the sets to be changed
 */
export function settleSets(
  now: Map<string, PartSet>,
  next: ReadonlyMap<string, PartSet>,
  names: ReadonlySet<string>,
  nameTwin: NameTwin,
): SetEdit[] {
  const edits: SetEdit[] = []
  const gone = [...names].flatMap(name => {
    const set = now.get(name)
    return set && set.type !== next.get(name)?.type ? [set] : []
  })
  const goneNames = new Set(gone.map(({name}) => name))
  const holders = new Set(names)
  const remove = (set: PartSet): void => {
    edits.push(...removeSet(set))
    now.delete(set.name)
  }
  for (const set of gone) if (isListType(set.type)) remove(set)
  if (goneNames.size > 0)
    for (const list of Array.from(now.values())) {
      if (!isListType(list.type) || !list.members.some(member => goneNames.has(member))) continue
      edits.push(...list.members.filter(member => goneNames.has(member)).map(member => deleted(list.name, member)))
      now.set(list.name, {...list, members: list.members.filter(member => !goneNames.has(member))})
      holders.add(list.name)
    }
  for (const set of gone) if (!isListType(set.type)) remove(set)
  const wanted = [...holders].flatMap(name => next.get(name) ?? [])
  for (const set of wanted) {
    if (now.has(set.name)) continue
    const empty = {...set, members: []}
    edits.push(...makeSet(empty))
    now.set(set.name, empty)
  }
  for (const isList of [false, true])
    for (const set of wanted) {
      if (isListType(set.type) !== isList) continue
      edits.push(...settleSet(now.get(set.name) as PartSet, set, nameTwin))
      now.set(set.name, set)
    }
  return edits
}

function settleSet(now: PartSet, next: PartSet, nameTwin: NameTwin): SetEdit[] {
  if (isSameSet(now, next)) return []
  if (!isSameKind(now, next)) {
    const twin = {...next, name: nameTwin(next.name)}
    return [...makeSet(twin), swapSets(next.name, twin.name), ...removeSet({...now, name: twin.name})]
  }
  if (next.members.length === 0) return emptySet(now)
  const {added: more, deleted: less} = memberEdits(now, next)
  return [...less, ...more]
}
