import type {ProblemList} from '../../problem/problem-list.ts'
import type {IndexedChain, IndexedTable, RuleBlock} from './save-model.ts'
import {duplicateTable, outsideTable, ruleOutsideChain, unknownTable} from './save-problems.ts'
import {cutAfter, cutChain, listedTable} from './table-extent.ts'

/** The table for rules before any `*table` line, as in the output of `iptables -S`. */
export const UNKNOWN_TABLE = 'unknown'
const KNOWN_TABLES = ['filter', 'nat', 'mangle', 'raw', 'security']

/** A chain as its declaration has it, `:NAME POLICY [packets:bytes]`. */
export interface DeclaredChain {
  readonly name: string
  /** `-`, or none, for a chain that is not built in. */
  readonly policy: string | undefined
  readonly counters: readonly (string | undefined)[]
  readonly line: number
}

/**
 * The tables of a save while its lines come: where their chains and rules are, and what of them may be missing. Problems with the order
 * of lines go into a list.
 */
export class TableIndex {
  readonly tables = new Map<string, IndexedTable>()
  /** Whether a table was begun that has no COMMIT so far. */
  isOpen = false
  /** Whether a table was announced that has not begun. */
  isTableDue = false
  /** The table that the next line is of; undefined before the first one, and behind a COMMIT. */
  private table: IndexedTable | undefined
  private readonly file: string | undefined
  private readonly problems: ProblemList
  /** Chains with a policy in `iptables -S` output. */
  private readonly policies = new Set<string>()
  /** The first line before any table, which is a problem unless the table is known after all. */
  private outside: {readonly source: string; readonly line: number} | undefined
  /** The line of the last rule, which may go on in a line that is not understood. */
  private lastRule: {chain: IndexedChain | undefined; line: number} = {chain: undefined, line: 0}
  private isDamaged = false
  /** By the chains of a table: the chain of its last rule, and whether its end was found. */
  private readonly lastChains = new Map<IndexedTable['chains'], string>()
  /** Tables that are there twice: nothing tells of which moment a rule is. */
  private readonly repeated = new Set<IndexedTable>()
  private readonly ended = new Set<IndexedTable['chains']>()
  private chain: IndexedChain | undefined
  /** `NAME ` of the current chain. A chain's rules are consecutive, so most lines need one comparison. */
  private chainPrefix = '\n'
  private block: RuleBlock | undefined

  constructor(file: string | undefined, problems: ProblemList) {
    this.file = file
    this.problems = problems
  }

  get tableName(): string | undefined {
    return this.table?.name
  }

  /** A `*table` line. */
  begin(name: string, source: string, line: number): void {
    if (!KNOWN_TABLES.includes(name)) this.problems.add(unknownTable(source, line, name, KNOWN_TABLES))
    const known = this.tables.get(name)
    if (known) {
      this.problems.add(duplicateTable(source, line, name))
      known.reason = `line ${line} begins it again: two saves are in one text`
      this.repeated.add(known)
    }
    this.openTable(name, line)
    this.isOpen = true
  }

  /** A COMMIT line. */
  commit(): void {
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

  /**
   * The line of a rule.
   *
   * @param start offset of the line in its piece of the text
   * @param name  offset of the chain's name
   */
  rule(piece: string, start: number, name: number, end: number, line: number): void {
    this.locate(piece, start, name, end, line)
    this.lastRule.chain = this.chain
    this.lastRule.line = line
  }

  /** The table that a line is of. Lines before any `*table` are what a cut text begins with, or of `iptables -S`. */
  tableOf(source: string, line: number): IndexedTable {
    if (this.table) return this.table
    this.outside ??= {source, line}
    return this.openTable(UNKNOWN_TABLE, line)
  }

  /** A line that declares a chain. */
  declare({chains}: IndexedTable, {name, policy, counters, line}: DeclaredChain): IndexedChain {
    const isBuiltIn = policy !== undefined && policy !== '-'
    const [packets, bytes] = counters
    const chain: IndexedChain = {
      name,
      ...(isBuiltIn && {policy}),
      line,
      blocks: chains.get(name)?.blocks ?? [],
      ...(packets !== undefined && bytes !== undefined && {packets: Number(packets), bytes: Number(bytes)}),
    }
    chains.set(name, chain)
    return chain
  }

  /** A line of `iptables -S`, which declares chains by the commands that create them. */
  list(table: IndexedTable, declared: DeclaredChain): void {
    const {name, policy} = this.declare(table, declared)
    if (policy !== undefined) this.policies.add(name)
  }

  /** Marks what a line that is not understood may belong to: the rule before it, or one behind that. */
  damaged(reason: string): void {
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

  /** Line breaks that were lost in one place were lost in others, so nothing of the table counts. */
  joinedLines(source: string, line: number): void {
    const table = this.tableOf(source, line)
    table.lacksChains = true
    this.damaged(`line ${line} holds several rules: line breaks are lost`)
    for (const chain of table.chains.values()) cutChain(chain, {reason: table.reason ?? '', line: 0})
  }

  /**
   * Names the table of `iptables -S`, and marks what may be missing from tables that are not complete.
   *
   * @param isEndSkipped whether the last line was left out, because no line break ends it
   */
  finish(isEndSkipped: boolean): void {
    const {outside, tables} = this
    const unnamed = tables.get(UNKNOWN_TABLE)
    const listed = listedTable(this.policies)
    if (unnamed && listed !== undefined && !tables.has(listed)) {
      tables.delete(UNKNOWN_TABLE)
      tables.set(listed, {...unnamed, name: listed, isListing: !isEndSkipped})
    } else if (outside) this.problems.add(outsideTable(outside))
    for (const table of tables.values()) {
      if (table.isComplete) continue
      const chains = [...table.chains.values()]
      if (this.repeated.has(table)) {
        table.lacksChains = true
        for (const chain of chains) cutChain(chain, {reason: table.reason ?? '', line: 0})
      }
      const last = this.lastChains.get(table.chains)
      const isUnknown = table.name === UNKNOWN_TABLE
      if (isUnknown) table.reason ??= 'no "*table" line stands before its rules'
      // Lines that are not understood may have been the rules of chains that have none now.
      const all = isUnknown ? chains : chains.filter(({blocks}) => table.reason !== undefined && blocks.length === 0)
      for (const chain of all) cutChain(chain, {reason: table.reason ?? '', line: 0})
      if (!this.ended.has(table.chains)) {
        const end = endOf(table, isEndSkipped)
        table.reason ??= end
        cutAfter(table, last, end)
      }
      table.lacksChains ||= isUnknown || last === undefined
    }
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
    const table = this.tableOf(source, line)
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
}

function endOf({isListing}: IndexedTable, isEndSkipped: boolean): string {
  if (isEndSkipped) return 'its last line has no line break, so the text may be cut there'
  return isListing ? 'iptables -S prints no end, so more rules may have followed' : 'the text ends before its COMMIT'
}
