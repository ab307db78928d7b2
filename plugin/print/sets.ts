import type {SetEntry} from '../../core/contract/common.ts'
import type {HeldBy, Membership} from '../../core/contract/membership.ts'
import {type Column, columns} from './columns.ts'
import {incompleteLines} from './incomplete.ts'
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
}

/** Sets with all their members, one below the other. */
export function* eachSetLines(sets: readonly SetEntry[], paint: Paint): Generator<string> {
  for (const [at, set] of sets.entries()) {
    if (at > 0) yield ''
    yield* setLines(set, paint)
  }
}

/** Which sets hold an address, one line each. */
export function* membershipLines(
  {address, port, pods, nodes, items, incomplete}: Membership,
  paint: Paint,
  hasHeaders: boolean,
  isWide = false,
): Generator<string> {
  const member = port ? `${address},${port.protocol}:${port.number}` : address
  const where = nodes.length === 1 ? `of node ${nodes[0]}` : `of ${nodes.length} nodes`
  const count = items.length === 0 ? 'no set' : items.length === 1 ? '1 set' : `${items.length} sets`
  yield paint(`${member}${pods.length > 0 ? ` (${pods.join(', ')})` : ''} is in ${count} ${where}`, 'bold')
  if (items.length > 0) yield* columns(items, heldByColumns(nodes, isWide), paint, hasHeaders)
  yield* incompleteLines('Not in the input: it may be in more sets', incomplete, paint)
}

/** The columns of sets that hold a member. */
export function heldByColumns(all: readonly string[], isWide: boolean): Column<HeldBy>[] {
  const name: Column<HeldBy>[] = [
    {header: 'NAME', value: ({name}) => name, style: ({name}) => (name === 'unknown' ? 'yellow' : undefined)},
    {
      header: 'BY',
      value: ({members, through}) => (through.length > 0 ? `list, through ${through.join(', ')}` : members.join(', ')),
    },
  ]
  const nodes: Column<HeldBy> = {
    header: 'NODES',
    value: each => (each.nodes.length === all.length ? 'all' : each.nodes.join(', ')),
    style: each => (each.nodes.length === all.length ? undefined : 'yellow'),
  }
  const meaning: Column<HeldBy> = {header: 'MEANING', value: each => each.meaning}
  return [{header: 'SET', value: ({set}) => set}, ...(all.length > 1 ? [nodes] : []), ...name, ...(isWide ? [meaning] : [])]
}
