import type {Problem} from '../problem.ts'
import {ProblemList} from '../problem-list.ts'
import {shownLine, type Text} from '../text/lines.ts'
import type {Backend, Rule, Table} from './model.ts'
import {parseRuleBody, type RuleContext} from './parse-rule.ts'
import {behindCounters, type IndexedChain, type IndexedTable, indexIptablesSave} from './save-index.ts'

/**
 * Reads the rules of one chain that an index has found.
 *
 * @param setNames names of sets met so far. Rules repeat the same few, and one text for each name makes every later
 *   look-up by name cheap; callers that read many chains pass the same map
 * @returns the rules in order, positions from 1; a damaged rule is kept, its damaged part as an unknown match
 */
export function readRules(
  table: IndexedTable,
  chain: IndexedChain,
  setNames = new Map<string, string>(),
): {rules: Rule[]; problems: Problem[]} {
  const rules: Rule[] = []
  const problems = new ProblemList(table.file)
  const context = {isChain: (name: string) => table.chains.has(name), setNames}
  for (const block of chain.blocks) {
    const {piece} = block
    let line = block.line
    for (let start = block.start; start < block.end; line++) {
      const feed = piece.indexOf('\n', start)
      const next = feed < 0 || feed > block.end ? block.end : feed
      const end = piece.charCodeAt(next - 1) === 13 ? next - 1 : next
      rules.push(readRule(piece, start, end, line, rules.length + 1, chain.name, context, problems))
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
  context: RuleContext,
  problems: ProblemList,
): Rule {
  const hasCounters = piece.charCodeAt(start) === 91
  const from = hasCounters ? behindCounters(piece, start, end) : start
  const {matches, target, fault} = parseRuleBody(piece, Math.min(from + 3 + chain.length, end), end, context)
  const source = piece.slice(from, end)
  const rule: {-readonly [K in keyof Rule]: Rule[K]} = {chain, position, line, source, matches}
  if (target) rule.target = target
  if (hasCounters) {
    const colon = piece.indexOf(':', start)
    const packets = decimal(piece, start + 1, colon)
    const bytes = decimal(piece, colon + 1, from - 2)
    if (Number.isSafeInteger(packets) && Number.isSafeInteger(bytes)) {
      rule.packets = packets
      rule.bytes = bytes
    }
  }
  if (fault)
    problems.add({
      code: 'BAD_RULE',
      line,
      column: fault.at - start + 1,
      text: shownLine(piece.slice(start, end)),
      message: `rule ${position} of chain ${chain}: ${fault.message}`,
      next: 'The rule is kept, but whether it matches a packet is unknown. Take the save again with iptables-save -c.',
    })
  return rule
}

/** The number that stands between two places; NaN if it is none. */
function decimal(text: string, start: number, end: number): number {
  let value = start < end ? 0 : Number.NaN
  for (let at = start; at < end; at++) {
    const digit = text.charCodeAt(at) - 48
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN
  }
  return value
}

/** Reads a whole `iptables-save` text, every rule of every table. */
export function parseIptablesSave(
  text: Text,
  file?: string,
): {backend: Backend; tables: Map<string, Table>; problems: Problem[]} {
  const index = indexIptablesSave(text, file)
  const problems = [...index.problems]
  const tables = new Map<string, Table>()
  const setNames = new Map<string, string>()
  for (const indexed of index.tables.values()) {
    const chains = new Map(
      [...indexed.chains.values()].map(chain => {
        const {blocks: _, ...facts} = chain
        const read = readRules(indexed, chain, setNames)
        problems.push(...read.problems)
        return [chain.name, {...facts, rules: read.rules}]
      }),
    )
    tables.set(indexed.name, {name: indexed.name, line: indexed.line, chains})
  }
  return {backend: index.backend, tables, problems}
}
