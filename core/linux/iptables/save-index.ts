import {ProblemList} from '../../problem/problem-list.ts'
import {eachLine, type Text} from '../../text/lines.ts'
import type {Backend} from './model.ts'
import {readHeader} from './save-header.ts'
import type {SaveIndex} from './save-model.ts'
import {lineTooLong, severalRules, truncatedFile, unknownLine} from './save-problems.ts'
import {holdsSecondRule, INCOMPATIBLE, LEGACY_PRESENT, SECOND_RULE} from './table-extent.ts'
import {TableIndex} from './table-index.ts'

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

/** Tells what each line of a save is. */
class Indexer {
  private readonly file: string | undefined
  private readonly problems: ProblemList
  private readonly text: Text
  private readonly index: TableIndex
  private readonly hidden = new Set<string>()
  private warnsOfLegacy = false
  /** The last line, when no line break ends it: it may be cut. */
  private readonly openEnd: {readonly piece: string; readonly start: number} | undefined
  private isEndSkipped = false
  private doubtful = {piece: '', isDoubtful: false}
  private backend: Backend = 'unknown'
  private version: string | undefined

  constructor(file: string | undefined, text: Text) {
    this.file = file
    this.text = text
    this.problems = new ProblemList(file)
    this.index = new TableIndex(file, this.problems)
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
    this.index.finish(this.isEndSkipped)
    const {file, version} = this
    return {
      ...(file !== undefined && {file}),
      backend: this.backend,
      ...(version !== undefined && {version}),
      tables: this.index.tables,
      hiddenTables: this.hidden,
      warnsOfLegacy: this.warnsOfLegacy,
      ...(this.index.isTableDue && {lacksTables: true as const}),
      ...(this.index.isOpen && {endsInTable: true as const}),
      problems: this.problems.all(),
    }
  }

  private visit(piece: string, start: number, end: number, line: number): void {
    if (this.openEnd?.start === start && this.openEnd.piece === piece && !isCertain(piece.slice(start, end))) {
      this.isEndSkipped = true
      this.index.isTableDue ||= piece[start] === '*'
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
      const source = piece.slice(start, end)
      this.problems.add(severalRules(source, line))
      this.index.joinedLines(source, line)
      return
    }
    this.index.rule(piece, start, name, end, line)
  }

  private mayHoldSecondRule(piece: string): boolean {
    if (this.doubtful.piece !== piece) this.doubtful = {piece, isDoubtful: SECOND_RULE.test(piece)}
    return this.doubtful.isDoubtful
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
    else if (first === '*') this.index.begin(source.slice(1).trim(), source, line)
    else if (source === 'COMMIT') this.index.commit()
    else if (/^-[PN] \S/.test(source)) this.listedChain(source, line)
    else if (source.trim() !== '') this.unknownLine(source, line)
  }

  private comment(source: string): void {
    this.index.isTableDue = TABLE_HEAD.test(source)
    const header = readHeader(source)
    if (!header) return
    this.version = header.version
    this.backend = header.backend
  }

  private declaration(source: string, line: number): void {
    const [, name, policy, ...counters] = /^:(\S+)(?: (\S+))?(?: \[(\d+):(\d+)\])?\s*$/.exec(source) ?? []
    const table = this.index.tableOf(source, line)
    if (name === undefined) this.unknownLine(source, line)
    else this.index.declare(table, {name, policy, counters, line})
  }

  private listedChain(source: string, line: number): void {
    const [, name = '', policy, option, ...counters] = source.split(/\s+/)
    const table = this.index.tableOf(source, line)
    this.index.list(table, {name, policy, counters: option === '-c' ? counters : [], line})
  }

  private unknownLine(source: string, line: number): void {
    this.problems.add(unknownLine(source, line))
    this.index.damaged(`line ${line} is none that iptables-save prints`)
  }

  private tooLong(source: string, line: number): void {
    this.problems.add(lineTooLong(source, line, LONGEST_LINE))
    this.index.damaged(`line ${line} is longer than any rule`)
  }

  private checkEnd(lastLine: number): void {
    if (!this.index.isOpen) return
    const last = this.text.at(-1) ?? ''
    const lastText = last.slice(last.lastIndexOf('\n', last.length - 2) + 1).replace(/\r?\n$/, '')
    this.problems.add(truncatedFile(lastText, lastLine, this.index.tableName ?? ''))
  }
}
