import type {Problem} from '../../problem/problem.ts'
import type {MatchSet} from '../ipset/model.ts'
import type {IndexedChain, IndexedTable, SaveIndex} from '../iptables/save-model.ts'

/** What is said of two files with the same content. */
const same = (what: 'rules' | 'sets', file: string | undefined, other: string | undefined): Problem => ({
  code: what === 'rules' ? 'DUPLICATE_TABLE' : 'DUPLICATE_SET',
  ...(file !== undefined && {file}),
  message: `holds the same ${what} as ${other ?? 'another file'}, apart from comments and counters; they are read once`,
  next: 'Nothing to do.',
})

/** The saves without those that repeat another one. */
export function distinctSaves(saves: readonly SaveIndex[]): {distinct: SaveIndex[]; problems: Problem[]} {
  const distinct: SaveIndex[] = []
  const problems: Problem[] = []
  for (const save of saves) {
    const equal = distinct.find(other => isSameSave(other, save))
    if (equal) problems.push(same('rules', save.file, equal.file))
    else distinct.push(save)
  }
  return {distinct, problems}
}

function isSameSave(one: SaveIndex, other: SaveIndex): boolean {
  if (one.backend !== other.backend || one.tables.size !== other.tables.size) return false
  return [...one.tables].every(([name, table]) => {
    const its = other.tables.get(name)
    return its !== undefined && table.isComplete && its.isComplete && isSameTable(table, its)
  })
}

function isSameTable({chains}: IndexedTable, other: IndexedTable): boolean {
  if (chains.size !== other.chains.size) return false
  for (const chain of chains.values()) {
    const its = other.chains.get(chain.name)
    if (!its || its.policy !== chain.policy) return false
    const lines = linesOf(its)
    for (const line of linesOf(chain)) if (line !== lines.next().value) return false
    if (!lines.next().done) return false
  }
  return true
}

/** The rules of a chain as printed, without their counters. */
function* linesOf({blocks}: IndexedChain): Generator<string> {
  for (const {piece, start, end} of blocks)
    for (const line of piece.slice(start, end).split('\n')) yield line.trimEnd().replace(/^\[\d+:\d+\] /, '')
}

/** The dumps of sets without those that repeat another one. Members have no order. */
export function distinctSets<Dump extends {readonly name: string; readonly sets: readonly MatchSet[]}>(
  dumps: readonly Dump[],
): {distinct: Dump[]; problems: Problem[]} {
  const distinct: Dump[] = []
  const problems: Problem[] = []
  for (const dump of dumps) {
    const equal = distinct.find(other => isSameDump(other.sets, dump.sets))
    if (equal) problems.push(same('sets', dump.name, equal.name))
    else distinct.push(dump)
  }
  return {distinct, problems}
}

function isSameDump(one: readonly MatchSet[], other: readonly MatchSet[]): boolean {
  if (one.length !== other.length) return false
  const byName = new Map(other.map(set => [set.name, set]))
  return one.every(({name, type, members}) => {
    const its = byName.get(name)
    if (!its || its.type !== type || its.members.length !== members.length) return false
    const found = new Set(its.members.map(textOf))
    return members.every(member => found.has(textOf(member)))
  })
}

const textOf = ({entry, nomatch}: {readonly entry: string; readonly nomatch: boolean}): string =>
  `${entry}${nomatch ? ' nomatch' : ''}`
