import type {SetEntry} from '../../core/contract/common.ts'
import type {Column} from './columns.ts'
import type {Paint} from './paint.ts'

const count = ({members}: SetEntry): string => (members ? String(members.length) : '?')

/** The list of sets, one line each. */
export function setColumns(isWide: boolean): Column<SetEntry>[] {
  const name: Column<SetEntry> = {
    header: 'NAME',
    value: ({name}) => name,
    style: ({names}) => (names.length === 1 ? undefined : names.length === 0 ? 'yellow' : 'red'),
  }
  const set: Column<SetEntry> = {header: 'SET', value: ({set}) => set}
  const type: Column<SetEntry> = {header: 'TYPE', value: ({type}) => type}
  const members: Column<SetEntry> = {header: 'MEMBERS', value: count, align: 'right'}
  if (!isWide) return [set, type, members, name]
  return [
    set,
    type,
    {header: 'IPSET', value: ({ipsetType}) => ipsetType},
    members,
    {header: 'REFERENCES', value: ({references}) => (references === undefined ? '?' : String(references)), align: 'right'},
    {header: 'KNOWN BY', value: ({evidence}) => evidence.join(',') || '-'},
    name,
    {header: 'MEANING', value: ({meaning}) => meaning},
  ]
}

/** One set with all its members. */
export function* setLines(entry: SetEntry, paint: Paint): Generator<string> {
  const {set, name, names, type, ipsetType, meaning, members, memberNames, memberPods, references, evidence} = entry
  yield paint(name === 'unknown' ? set : name, 'bold') + paint(`  ${name === 'unknown' ? 'unknown name' : set}`)
  if (names.length > 1) yield paint('  COLLISION: these names share one kernel set, and so their members', 'red')
  yield paint(`  means       ${meaning}`)
  yield paint(`  type        ${type} (${ipsetType})`)
  if (references !== undefined) yield paint(`  references  ${references}`)
  yield paint(`  known by    ${evidence.join(', ') || 'nothing'}`)
  yield paint(`  members     ${members ? members.length : 'not in the dump'}`)
  for (const [index, member] of (members ?? []).entries()) {
    const behind = memberNames?.[index] ?? memberPods?.[index]?.join(', ') ?? ''
    yield paint(`    ${member}${behind === '' ? '' : `  ${behind}`}`)
  }
  yield ''
}
