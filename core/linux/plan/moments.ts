import type {Change} from './change.ts'
import {type Backend, isListType, type LinuxPart, type PartSet} from './part.ts'
import {
  isSameKind,
  type MemberEdits,
  makeSet,
  memberEdits,
  type NameTwin,
  removeSet,
  type SetEdit,
  swapSets,
} from './set-edits.ts'

/** A change that packets see and that comes into force as a whole: one line about a set, or all rules of a back end. */
export type Moment =
  | {
      readonly set: string
      readonly edit: SetEdit
      /** What the set holds behind it, given what it held before. */
      readonly apply: (members: readonly string[]) => readonly string[]
      /** The sooner the better: what a set gets, then what takes the place of another, then what it loses. */
      readonly rank: number
    }
  | {readonly backend: Backend; readonly rank: number}

/** The changes that packets see, with what must be done before and behind them, which packets do not see. */
export interface Moments {
  readonly moments: readonly Moment[]
  readonly before: readonly SetEdit[]
  readonly behind: readonly SetEdit[]
}

/** Members that change one by one, of a set; of more the set is exchanged for a copy. */
const MOST_LINES = 4

/**
 * @param isFine whether a few members of a set may change one by one
 * @returns undefined where no order would do: rules name a set whose type changes
 */
export function momentsOf(change: Change, isFine: boolean, nameTwin: NameTwin): Moments | undefined {
  const {found, target, visible, needsCopies, tables} = change
  if (needsCopies) return undefined
  const moments: Moment[] = []
  const before: SetEdit[] = []
  const behind: SetEdit[] = []
  for (const name of visible) {
    const [now, next] = [found.sets.get(name) as PartSet, target.sets.get(name) as PartSet]
    const edits = memberEdits(now, next)
    if (isOneByOne(now, next, edits, isFine)) {
      moments.push(...lineMoments(name, edits))
      continue
    }
    const twin = nameTwin(name)
    before.push(...makeSet({...next, name: twin}))
    moments.push({set: name, edit: swapSets(name, twin), apply: () => next.members, rank: 1})
    behind.push(...removeSet({...now, name: twin}))
  }
  for (const {backend, isVisible} of tables) if (isVisible) moments.push({backend, rank: 2})
  return {moments: moments.toSorted((a, b) => a.rank - b.rank), before, behind}
}

function isOneByOne(now: PartSet, next: PartSet, {added, deleted, hasReplaced}: MemberEdits, isFine: boolean): boolean {
  if (!isSameKind(now, next) || hasReplaced) return false
  const most = Number(now.options.get('maxelem') ?? Number.POSITIVE_INFINITY)
  if (now.members.length + added.length > most) return false
  return added.length + deleted.length <= (isFine ? MOST_LINES : 1)
}

const lineMoments = (set: string, {added, deleted}: MemberEdits): Moment[] =>
  [...added, ...deleted].map(edit => {
    const {line} = edit
    if (line.does === 'add') return {set, edit, rank: 0, apply: members => [...members, line.member]}
    const entry = line.does === 'del' ? line.entry : ''
    return {set, edit, rank: 3, apply: members => members.filter(member => member !== entry && !member.startsWith(`${entry} `))}
  })

/** Addresses and blocks whose packets the changes of sets may concern: members that come or go, and those of sets that do. */
export function touchedBy({found, target, visible}: Change): Set<string> {
  const touched = new Set<string>()
  const add = (name: string): void => {
    for (const {sets} of [found, target]) for (const member of sets.get(name)?.members ?? []) touched.add(addressOf(member))
  }
  for (const name of visible) {
    const [now, next] = [found.sets.get(name) as PartSet, target.sets.get(name) as PartSet]
    const edits = memberEdits(now, next)
    for (const {line} of [...edits.added, ...edits.deleted]) {
      const member = line.does === 'add' ? line.member : line.does === 'del' ? line.entry : ''
      if (isListType(next.type)) add(member)
      else touched.add(addressOf(member))
    }
  }
  return touched
}

const addressOf = (member: string): string => member.split(/[ ,]/, 1)[0] ?? ''

/** The part when some moments have been, and all that packets do not see is as it will be when they see it. */
export function partBetween({found, target, early}: Change, moments: readonly Moment[]): LinuxPart {
  const sets = new Map(found.sets)
  for (const name of early) {
    const set = target.sets.get(name)
    if (set) sets.set(name, set)
  }
  const tables = {...found.tables}
  for (const moment of moments)
    if ('backend' in moment) tables[moment.backend] = target.tables[moment.backend]
    else {
      const set = sets.get(moment.set) as PartSet
      sets.set(moment.set, {...set, members: moment.apply(set.members)})
    }
  return {...found, sets, tables}
}
