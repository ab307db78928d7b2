import {ProblemList} from '../../problem/problem-list.ts'
import {eachLine, type Text} from '../../text/lines.ts'
import type {Backend} from './model.ts'
import {readHeader} from './save-header.ts'
import type {IndexedChain, IndexedTable, RuleBlock, SaveIndex} from './save-model.ts'
import {
  duplicateTable,
  lineTooLong,
  outsideTable,
  ruleOutsideChain,
  severalRules,
  truncatedFile,
  unknownLine,
  unknownTable,
} from './save-problems.ts'
import {cutAfter, cutChain, holdsSecondRule, INCOMPATIBLE, LEGACY_PRESENT, listedTable, SECOND_RULE} from './table-extent.ts'

export type {IndexedChain, IndexedTable, RuleBlock, SaveIndex} from './save-model.ts'

/** The table for rules before any `*table` line, as in the output of `iptables -S`. */
export const UNKNOWN_TABLE = 'unknown'
const KNOWN_TABLES = ['filter', 'nat', 'mangle', 'raw', 'security']

/** In characters. No rule is longer, because a word of iptables holds at most 1,023 bytes. */
const LONGEST_LINE = 64 * 1024

/** Two 64-bit counters in decimal, with brackets, colon and blank. */
const LONGEST_COUNTERS = 44

/** Returns the offset of a rule after its `[packets:bytes] `, or `start` when it has no counters. */
export function behindCounters(piece: string, start: number, end: number): number {
  const close = piece.slice(start, Math.min(end, start + LONGEST_COUNTERS)).indexOf('] ')
  return close < 0 ? start : start + close + 2
}

/** Whether a line is what it is even where no line break ends it. */
const isCertain = (line: string): boolean => line === 'COMMIT' || line.startsWith('#')

/** What iptables-save prints above each table, or the beginning of it where the text is cut off. */
const TABLE_HEAD = /^# G(?:e|$)/

/**
 * Locates the tables, chains and rule lines of an `iptables-save` text (nft or legacy, with or without counters) or of
 * `iptables -S` output. A line that is not understood becomes a problem; everything else is still indexed.
 *
 * @param file name of the file, for the problems
 */
export function indexIptablesSave(text: Text, file?: string): SaveIndex {
  return new Indexer(file, text).run()
}

class Indexer {
  private readonly file: string | undefined
  private readonly problems: ProblemList
  private readonly text: Text
  private readonly tables = new Map<string, IndexedTable>()
  private readonly hidden = new Set<string>()
  private warnsOfLegacy = false
  /** Chains with a policy in `iptables -S` output. */
  private readonly policies = new Set<string>()
  /** The first line before any table, which is a problem unless the table is known after all. */
  private outside: {readonly source: string; readonly line: number} | undefined
  /** The line of the last rule, which may go on in a line that is not understood. */
  private lastRule: {chain: IndexedChain | undefined; line: number} = {chain: undefined, line: 0}
  /** The last line, when no line break ends it: it may be cut. */
  private readonly openEnd: {readonly piece: string; readonly start: number} | undefined
  private isEndSkipped = false
  /** Whether a table was announced that has not begun. */
  private isTableDue = false
  private isDamaged = false
  /** By the chains of a table: the chain of its last rule, and whether its end was found. */
  private readonly lastChains = new Map<IndexedTable['chains'], string>()
  private readonly ended = new Set<IndexedTable['chains']>()
  private doubtful = {piece: '', isDoubtful: false}
  private backend: Backend = 'unknown'
  private version: string | undefined
  private table: IndexedTable | undefined
  private chain: IndexedChain | undefined
  /** `NAME ` of the current chain. A chain's rules are consecutive, so most lines need one comparison. */
  private chainPrefix = '\n'
  private block: RuleBlock | undefined
  private isOpen = false

  constructor(file: string | undefined, text: Text) {
    this.file = file
    this.text = text
    this.problems = new ProblemList(file)
    const piece = text.findLast(each => each !== '') ?? ''
    const start = piece.lastIndexOf('\n') + 1
    if (start < piece.length) this.openEnd = {piece, start}
  }

  run(): SaveIndex {
    let lastLine = 0
    eachLine(this.text, (piece, start, end, line) => {
      lastLine = line
      this.visit(piece, start, end, line)
    })
    this.checkEnd(lastLine)
    this.finish()
    const {file, version} = this
    return {
      ...(file !== undefined && {file}),
      backend: this.backend,
      ...(version !== undefined && {version}),
      tables: this.tables,
      hiddenTables: this.hidden,
      warnsOfLegacy: this.warnsOfLegacy,
      ...(this.isTableDue && {lacksTables: true as const}),
      problems: this.problems.all(),
    }
  }

  private visit(piece: string, start: number, end: number, line: number): void {
    if (this.openEnd?.start === start && this.openEnd.piece === piece && !isCertain(piece.slice(start, end))) {
      this.isEndSkipped = true
      this.isTableDue ||= piece[start] === '*'
      return
    }
    let at = start
    // A save with counters has [packets:bytes] before the rule.
    if (piece.charCodeAt(at) === 91) at = behindCounters(piece, at, end)
    if (piece.startsWith('-A ', at)) this.rule(piece, start, at + 3, end, line)
    else if (end > start) this.other(piece.slice(start, end), line)
  }

  private rule(piece: string, start: number, name: number, end: number, line: number): void {
    if (end - start > LONGEST_LINE) {
      this.tooLong(piece.slice(start, start + LONGEST_LINE), line)
      return
    }
    if (this.mayHoldSecondRule(piece) && holdsSecondRule(piece.slice(name, end))) {
      this.joinedLines(piece.slice(start, end), line)
      return
    }
    this.locate(piece, start, name, end, line)
    this.lastRule.chain = this.chain
    this.lastRule.line = line
  }

  private mayHoldSecondRule(piece: string): boolean {
    if (this.doubtful.piece !== piece) this.doubtful = {piece, isDoubtful: SECOND_RULE.test(piece)}
    return this.doubtful.isDoubtful
  }

  private locate(piece: string, start: number, name: number, end: number, line: number): void {
    if (piece.startsWith(this.chainPrefix, name) && name + this.chainPrefix.length <= end) {
      const block = this.block
      if (block && block.piece === piece && piece.charCodeAt(block.end) === 10 && block.end + 1 === start) block.end = end
      else this.openBlock(piece, start, end, line)
      return
    }
    let stop = piece.indexOf(' ', name)
    if (stop < 0 || stop > end) stop = end
    this.enterChain(piece.slice(name, stop), piece.slice(start, end), name - start + 1, line)
    this.openBlock(piece, start, end, line)
  }

  private openBlock(piece: string, start: number, end: number, line: number): void {
    this.block = {piece, start, end, line}
    this.chain?.blocks.push(this.block)
  }

  private enterChain(name: string, source: string, column: number, line: number): void {
    const table = this.table ?? this.tableOutside(source, line)
    let chain = table.chains.get(name)
    if (!chain) {
      if (table.name !== UNKNOWN_TABLE) this.problems.add(ruleOutsideChain(source, line, column, name, table.name))
      chain = {name, line, blocks: []}
      table.chains.set(name, chain)
    }
    this.chain = chain
    this.chainPrefix = `${name} `
    // The damaged lines before it may have been its first rules.
    if (this.isDamaged && chain.blocks.length === 0) cutChain(chain, {reason: table.reason ?? '', line: 0})
    this.isDamaged = false
    this.lastChains.set(table.chains, name)
  }

  /** Handles a rule before any `*table` line: the start of the file is missing, or it is `iptables -S` output. */
  private tableOutside(source: string, line: number): IndexedTable {
    this.outside ??= {source, line}
    return this.openTable(UNKNOWN_TABLE, line)
  }

  private openTable(name: string, line: number): IndexedTable {
    const known = this.tables.get(name)
    const {file} = this
    const table = known ?? {name, ...(file !== undefined && {file}), line, chains: new Map(), isComplete: false}
    this.tables.set(name, table)
    this.table = table
    this.isTableDue = false
    this.chainPrefix = '\n'
    this.block = undefined
    return table
  }

  private other(source: string, line: number): void {
    if (source.length > LONGEST_LINE) {
      this.tooLong(source, line)
      return
    }
    const first = source[0]
    if (INCOMPATIBLE.test(source)) this.hidden.add(INCOMPATIBLE.exec(source)?.[1] as string)
    else if (LEGACY_PRESENT.test(source)) this.warnsOfLegacy = true
    else if (first === '#') this.comment(source)
    else if (first === ':') this.declaration(source, line)
    else if (first === '*') this.tableLine(source.slice(1).trim(), source, line)
    else if (source === 'COMMIT') this.commit()
    else if (/^-[PN] \S/.test(source)) this.listedChain(source, line)
    else if (source.trim() !== '') this.unknownLine(source, line)
  }

  private commit(): void {
    const {table} = this
    if (table) {
      this.ended.add(table.chains)
      table.isComplete = table.name !== UNKNOWN_TABLE && table.reason === undefined
    }
    this.table = undefined
    this.isOpen = false
    // A rule after COMMIT belongs to no table, even if it names the last chain.
    this.chainPrefix = '\n'
  }

  private comment(source: string): void {
    this.isTableDue = TABLE_HEAD.test(source)
    const header = readHeader(source)
    if (!header) return
    this.version = header.version
    this.backend = header.backend
  }

  private tableLine(name: string, source: string, line: number): void {
    if (!KNOWN_TABLES.includes(name)) this.problems.add(unknownTable(source, line, name, KNOWN_TABLES))
    if (this.tables.has(name)) this.problems.add(duplicateTable(source, line, name))
    this.openTable(name, line)
    this.isOpen = true
  }

  private declaration(source: string, line: number): void {
    const table = this.table ?? this.tableOutside(source, line)
    const parts = /^:(\S+)(?: (\S+))?(?: \[(\d+):(\d+)\])?\s*$/.exec(source)
    if (!parts) {
      this.unknownLine(source, line)
      return
    }
    const [, name, policy, packets, bytes] = parts
    const chain = this.addChain(table, name as string, policy, line)
    if (packets !== undefined) table.chains.set(chain.name, {...chain, packets: Number(packets), bytes: Number(bytes)})
  }

  /** `iptables -S` declares chains by the commands that create them. */
  private listedChain(source: string, line: number): void {
    const [, name = '', policy, option, packets, bytes] = source.split(/\s+/)
    const table = this.table ?? this.tableOutside(source, line)
    const chain = this.addChain(table, name, policy, line)
    if (option === '-c') table.chains.set(name, {...chain, packets: Number(packets), bytes: Number(bytes)})
    if (chain.policy !== undefined) this.policies.add(name)
  }

  private addChain(table: IndexedTable, name: string, policy: string | undefined, line: number): IndexedChain {
    const isBuiltIn = policy !== undefined && policy !== '-'
    const known = table.chains.get(name)
    const chain: IndexedChain = {name, ...(isBuiltIn && {policy}), line, blocks: known?.blocks ?? []}
    table.chains.set(name, chain)
    return chain
  }

  private unknownLine(source: string, line: number): void {
    this.problems.add(unknownLine(source, line))
    this.damaged(`line ${line} is none that iptables-save prints`)
  }

  /** Line breaks that were lost in one place were lost in others, so nothing of the table counts. */
  private joinedLines(source: string, line: number): void {
    this.problems.add(severalRules(source, line))
    const table = this.table ?? this.tableOutside(source, line)
    table.lacksChains = true
    this.damaged(`line ${line} holds several rules: line breaks are lost`)
    for (const chain of table.chains.values()) cutChain(chain, {reason: table.reason ?? '', line: 0})
  }

  /** Marks what a line that is not understood may belong to: the rule before it, or one behind that. */
  private damaged(reason: string): void {
    const {table, lastRule} = this
    if (!table) return
    table.isComplete = false
    table.reason ??= reason
    this.isDamaged = true
    if (lastRule.chain && table.chains.get(lastRule.chain.name) === lastRule.chain)
      cutChain(lastRule.chain, {reason, line: lastRule.line})
    // The next rule is looked up, even if it is of the same chain.
    this.chainPrefix = '\n'
    this.block = undefined
  }

  private tooLong(source: string, line: number): void {
    this.problems.add(lineTooLong(source, line, LONGEST_LINE))
    this.damaged(`line ${line} is longer than any rule`)
  }

  /** Names the table of `iptables -S`, and marks what may be missing from tables that are not complete. */
  private finish(): void {
    const {outside, tables} = this
    const unnamed = tables.get(UNKNOWN_TABLE)
    const listed = listedTable(this.policies)
    if (unnamed && listed !== undefined && !tables.has(listed)) {
      tables.delete(UNKNOWN_TABLE)
      tables.set(listed, {...unnamed, name: listed, isListing: !this.isEndSkipped})
    } else if (outside) this.problems.add(outsideTable(outside))
    for (const table of tables.values()) {
      if (table.isComplete) continue
      const chains = [...table.chains.values()]
      const last = this.lastChains.get(table.chains)
      const isUnknown = table.name === UNKNOWN_TABLE
      if (isUnknown) table.reason ??= 'no "*table" line stands before its rules'
      // Lines that are not understood may have been the rules of chains that have none now.
      const all = isUnknown ? chains : chains.filter(({blocks}) => table.reason !== undefined && blocks.length === 0)
      for (const chain of all) cutChain(chain, {reason: table.reason ?? '', line: 0})
      if (!this.ended.has(table.chains)) {
        const end = this.endOf(table)
        table.reason ??= end
        cutAfter(table, last, end)
      }
      table.lacksChains ||= isUnknown || last === undefined
    }
  }

  private endOf({isListing}: IndexedTable): string {
    if (this.isEndSkipped) return 'its last line has no line break, so the text may be cut there'
    return isListing ? 'iptables -S prints no end, so more rules may have followed' : 'the text ends before its COMMIT'
  }

  private checkEnd(lastLine: number): void {
    if (!this.isOpen) return
    const last = this.text.at(-1) ?? ''
    const lastText = last.slice(last.lastIndexOf('\n', last.length - 2) + 1).replace(/\r?\n$/, '')
    this.problems.add(truncatedFile(lastText, lastLine, this.table?.name ?? ''))
  }
}
