import type {SetEntry} from '../contract/common.ts'
import type {Loaded} from './loaded.ts'
import {countText, sentence} from './number-text.ts'
import {aboutNode, waitingFor} from './policies-page.ts'
import type {Cell, Row, TopColumn, TopTable} from './table.ts'
import type {WatchedNode, WatchedSet} from './watched.ts'

const columns: readonly TopColumn[] = [
  {key: 'set', header: 'SET', least: 12, rank: 0, grows: true, cut: 'middle'},
  {key: 'entries', header: 'ENTRIES', align: 'right', least: 7, rank: 0, isDescending: true},
  {
    key: 'growth',
    header: 'CHANGE',
    align: 'right',
    least: 6,
    rank: 1,
    isDescending: true,
    meaning: 'CHANGE: how many entries more or fewer there are since this screen was opened.',
  },
  {
    key: 'fill',
    header: 'FULL',
    align: 'right',
    least: 5,
    rank: 0,
    isDescending: true,
    meaning: 'FULL: of the entries that the set can have. When it is full, Azure NPM can add no more pods to it.',
  },
  {key: 'kind', header: 'KIND', least: 4, rank: 2},
]

/** The sets of a node, the fullest first: a full one lets no pod in any more. */
export function setsPage(node: WatchedNode | undefined): TopTable {
  const sets = node?.sets
  return {
    about: aboutNode(node),
    columns,
    rows: (sets ?? []).map(set => setRow((node as WatchedNode).node, set)),
    sortedBy: 'entries',
    empty: sets ? ['Azure NPM has no sets on this node.'] : waitingFor(node),
  }
}

const signed = (growth: number | null): string => (growth === null ? '-' : growth > 0 ? `+${growth}` : String(growth))

function fillCell({members, capacity}: WatchedSet): Cell {
  if (members === null || capacity === null) return {text: '-', value: null, tone: 'faint'}
  const share = members / capacity
  const text = share > 0 && share < 0.01 ? '<1%' : `${Math.floor(share * 100)}%`
  return {text, value: share, ...(share >= 0.95 ? {tone: 'bad'} : share > 0.8 && {tone: 'warning'})}
}

function setRow(node: string, set: WatchedSet): Row {
  const {name, meaning, kind, members, growth, capacity} = set
  return {
    key: set.set,
    cells: [
      {text: name === 'unknown' ? set.set : name, tone: 'strong'},
      {text: countText(members), value: members},
      {text: signed(growth), value: growth, ...(growth ? {} : {tone: 'faint'})},
      fillCell(set),
      {text: kind === 'hash' ? 'hash' : kind},
    ],
    opens: {kind: 'set', node, set: set.set},
    details: [`${meaning}.${capacity === null ? '' : ` Room for ${capacity} entries.`} In the kernel: ${set.set}`],
    document: () => ({...set, growth: undefined, entries: members, change: growth, members: undefined}),
  }
}

/** A member of a set and the pods behind it. */
export interface SetMember {
  readonly member: string
  readonly pods: readonly string[]
}

/** The members of a set as it was read. */
export const setMembers = ({members, memberNames, memberPods}: SetEntry): SetMember[] =>
  (members ?? []).map((member, at) => ({member: memberNames?.[at] ?? member, pods: memberPods?.[at] ?? []}))

const memberColumns: readonly TopColumn[] = [
  {key: 'member', header: 'MEMBER', least: 15, rank: 0},
  {key: 'pods', header: 'POD', least: 10, rank: 0, grows: true},
]

/** The members of one set, with their pods. */
export function setPage(node: WatchedNode | undefined, set: string, members: Loaded<readonly SetMember[]> | undefined): TopTable {
  const known = node?.sets?.find(each => each.set === set)
  return {
    about: known ? [{text: `${known.meaning}: ${countText(known.members)} entries`}] : [],
    columns: memberColumns,
    rows: members?.state === 'here' ? members.value.map(memberRow) : [],
    sortedBy: 'member',
    empty:
      members?.state === 'failed'
        ? [sentence(members.message), members.next]
        : members?.state === 'here'
          ? ['The set has no members.']
          : ['Its members are being read.'],
  }
}

const memberRow = ({member, pods}: SetMember): Row => ({
  key: member,
  cells: [{text: member, tone: 'strong'}, {text: pods.join(', ')}],
  details: [],
  document: () => ({member, pods}),
})
