import type {Problem} from '../../problem/problem.ts'
import {ProblemList} from '../../problem/problem-list.ts'
import {shownLine, type Text} from '../../text/lines.ts'
import {CHECKED_LINES, checkMemory} from '../../text/memory.ts'
import type {Backend, Rule, Table} from './model.ts'
import {parseRuleBody} from './parse-rule.ts'
import {behindCounters, indexIptablesSave} from './save-index.ts'
import type {IndexedChain, IndexedTable} from './save-model.ts'

/** Rules parsed earlier, by position from 1, each with the problem found in it. */
export type ParsedRules = Map<number, {readonly rule: Rule; readonly fault?: Problem}>

/**
 * Parses the rules of one indexed chain.
 *
 * @param isRead whether a line is to be parsed; by default every line is. Positions count skipped lines too.
 * @param parsed rules that need no second parse; newly parsed rules are added to it
 * @returns the rules in order, positions from 1. A damaged rule is kept, with its damaged part as a match without a module.
 */
export function readRules(
  table: IndexedTable,
  chain: IndexedChain,
  isRead?: (line: string) => boolean,
  parsed?: ParsedRules,
): {rules: Rule[]; problems: Problem[]} {
  const rules: Rule[] = []
  let position = 0
  const problems = new ProblemList(table.file)
  const isChain = (name: string) => table.chains.has(name)
  let fault: Problem | undefined
  const onFault = (found: Problem): void => {
    fault = found
    problems.add(found)
  }
  for (const block of chain.blocks) {
    const {piece} = block
    let line = block.line
    for (let start = block.start; start < block.end; line++) {
      const feed = piece.indexOf('\n', start)
      const next = feed < 0 || feed > block.end ? block.end : feed
      const end = piece.charCodeAt(next - 1) === 13 ? next - 1 : next
      position++
      if (position % CHECKED_LINES === 0) checkMemory()
      const known = parsed?.get(position)
      if (known) {
        if (!isRead || isRead(known.rule.source)) {
          rules.push(known.rule)
          if (known.fault) problems.add(known.fault)
        }
      } else if (!isRead || isRead(piece.slice(start, end))) {
        fault = undefined
        const rule = readRule(piece, start, end, line, position, chain.name, isChain, onFault)
        rules.push(rule)
        parsed?.set(position, fault ? {rule, fault} : {rule})
      }
      start = next + 1
    }
  }
  return {rules, problems: problems.all()}
}

function readRule(
  piece: string,
  start: number,
  end: number,
  line: number,
  position: number,
  chain: string,
  isChain: (name: string) => boolean,
  onFault: (fault: Problem) => void,
): Rule {
  const hasCounters = piece.charCodeAt(start) === 91
  const from = hasCounters ? behindCounters(piece, start, end) : start
  const {matches, target, fault, counters} = parseRuleBody(piece, Math.min(from + 3 + chain.length, end), end, isChain)
  const source = piece.slice(from, end)
  const colon = hasCounters ? piece.indexOf(':', start) : start
  const packets = counters?.packets ?? decimal(piece, start + 1, colon)
  const bytes = counters?.bytes ?? decimal(piece, colon + 1, from - 2)
  const hasCounts = (hasCounters || counters !== undefined) && Number.isSafeInteger(packets) && Number.isSafeInteger(bytes)
  if (fault)
    onFault({
      code: 'BAD_RULE',
      line,
      column: fault.at - start + 1,
      text: shownLine(piece.slice(start, end)),
      message: `rule ${position} of chain ${chain}: ${fault.message}`,
      next: 'The rule is kept, but whether it matches a packet is unknown. Take the save again with iptables-save -c.',
    })
  // Each shape is a literal: V8 stores a field that is added later in a second block of memory.
  if (target && hasCounts) return {chain, position, line, source, matches, target, packets, bytes}
  if (hasCounts) return {chain, position, line, source, matches, packets, bytes}
  return target ? {chain, position, line, source, matches, target} : {chain, position, line, source, matches}
}

/** Parses the decimal number between two offsets; NaN for any other text. */
function decimal(text: string, start: number, end: number): number {
  let value = start < end ? 0 : Number.NaN
  for (let at = start; at < end; at++) {
    const digit = text.charCodeAt(at) - 48
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN
  }
  return value
}

/**
 * Parses a whole `iptables-save` text, every rule of every table.
 *
 * @param file name of the file, for the problems
 * @returns tables by name. A line that is not understood becomes a problem; everything else is still parsed.
 */
export function parseIptablesSave(
  text: Text,
  file?: string,
): {backend: Backend; tables: Map<string, Table>; problems: Problem[]} {
  const index = indexIptablesSave(text, file)
  const problems = [...index.problems]
  const tables = new Map<string, Table>()
  for (const indexed of index.tables.values()) {
    const chains = new Map(
      [...indexed.chains.values()].map(chain => {
        const {blocks: _, ...facts} = chain
        const read = readRules(indexed, chain)
        problems.push(...read.problems)
        return [chain.name, {...facts, rules: read.rules}]
      }),
    )
    tables.set(indexed.name, {name: indexed.name, line: indexed.line, chains})
  }
  return {backend: index.backend, tables, problems}
}
