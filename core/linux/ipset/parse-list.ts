import type {Problem} from '../../problem/problem.ts'
import {eachLine, shownLine, type Text} from '../../text/lines.ts'
import {LineProblems} from './line-problems.ts'
import type {MatchSet} from './model.ts'
import {cutSet, isList, type OpenSet, ParsedSets, UNKNOWN_TYPE} from './parsed-sets.ts'
import {readMember, readOptions, wordEnd, wordStart} from './tokenizer.ts'

/**
 * Parses `ipset list` text, with or without members (`-t`). A line that is not understood becomes a problem; everything
 * else is still parsed.
 *
 * @param file name of the file, for the problems
 * @returns the sets in the order of the dump, each name once: a second block with the same name adds its members to the
 *   first. A set without a `Type:` line has the type `unknown`. An empty text is the dump of a node without sets, so it is
 *   no problem. `damage` is why sets may be missing: a line is not understood.
 * Source: ipset(8); ipset 7.17; ipset 6, which prints fewer lines for each set.
 */
export function parseIpsetList(text: Text, file?: string): ParsedList {
  const parser = new ListParser(file)
  eachLine(text, (piece, start, end, line) => parser.visit(piece, start, end, line))
  return parser.result()
}

const NAME = 'Name: '
const OPEN_END = 'its last line has no line break, so the text may be cut there'
const keys = ['Type', 'Revision', 'Header', 'Size in memory', 'References', 'Number of entries', 'Members'] as const
type Key = (typeof keys)[number]

/** The lines that every ipset since 6.0 prints for a set. Other lines depend on its version and on `-t`. */
const usualKeys: readonly Key[] = ['Type', 'Revision', 'Header', 'Size in memory', 'References']

const isKey = (word: string): word is Key => (keys as readonly string[]).includes(word)

/** The part of the dump about one set, from its `Name:` line to the next. */
interface Block {
  readonly set: OpenSet
  readonly seen: Set<Key>
  readonly line: number
  /** Number of members from earlier blocks with the same name. */
  readonly membersBefore: number
  entriesLine: number
}

const membersRead = (block: Block): number => block.set.members.length - block.membersBefore

interface ParsedList {
  readonly sets: MatchSet[]
  readonly problems: Problem[]
  readonly damage?: string
}

class ListParser {
  private readonly problems: LineProblems
  private readonly sets = new ParsedSets()
  private readonly blocks: Block[] = []
  private block: Block | undefined
  private isBehindBlank = false
  private isSkipping = false
  private damage: string | undefined

  constructor(file: string | undefined) {
    this.problems = new LineProblems(file)
  }

  visit(piece: string, start: number, end: number, line: number): void {
    if (!this.problems.enter(piece, start, end, line)) {
      this.damage ??= `line ${line} is longer than any that ipset prints`
      return
    }
    const at = wordStart(piece, start, end)
    if (at === end) {
      this.isBehindBlank = true
      return
    }
    if (piece.startsWith(NAME, at) && !this.isMemberExpected()) this.open(piece, at + NAME.length, end, line)
    else if (!this.block) this.skip(at)
    else if (this.block.seen.has('Members')) this.member(this.block, piece, at, end, line)
    else this.fact(this.block, piece, at, end, line)
    this.isBehindBlank = false
  }

  result(): ParsedList {
    const {block} = this
    this.close()
    if (this.problems.isOpenEnd) {
      this.damage ??= OPEN_END
      if (block) cutSet(block.set, OPEN_END)
    }
    const expected = new Set([...usualKeys, ...this.blocks.flatMap(block => [...block.seen])])
    for (const block of this.blocks) this.checkKeys(block, expected)
    return {sets: this.sets.all(), problems: this.problems.all(), ...(this.damage !== undefined && {damage: this.damage})}
  }

  private open(piece: string, at: number, end: number, line: number): void {
    this.close()
    const name = piece.slice(at, end).trimEnd()
    if (name === '') {
      this.skip(at)
      return
    }
    this.isSkipping = false
    const known = this.sets.get(name)
    if (known)
      this.problems.add(
        'DUPLICATE_SET',
        at,
        `set "${shownLine(name)}" is listed twice, first in line ${known.line}: are these two dumps in one file?`,
        'Its members are read as one set of the first type. Give each dump as a file of its own and name the one you mean.',
      )
    // The header of a second block is parsed to check it, and then discarded.
    const set = known
      ? {name, type: UNKNOWN_TYPE, header: new Map(), members: known.members, line}
      : this.sets.add(name, UNKNOWN_TYPE, line)
    this.block = {set, seen: new Set(), line, membersBefore: set.members.length, entriesLine: line}
    this.blocks.push(this.block)
  }

  /** A member of a list can look like the `Name:` line of the next set. A real `Name:` line follows a blank line. */
  private isMemberExpected(): boolean {
    const {block} = this
    if (!block || this.isBehindBlank || !block.seen.has('Members') || !isList(block.set.type)) return false
    return block.set.entries !== undefined && membersRead(block) < block.set.entries
  }

  /** Reads one line before the members, about the set itself. */
  private fact(block: Block, piece: string, at: number, end: number, line: number): void {
    const source = piece.slice(at, end)
    const colon = source.indexOf(':')
    const key = source.slice(0, Math.max(colon, 0))
    if (!isKey(key)) {
      this.damage ??= `line ${line} is none that ipset list prints`
      this.problems.add(
        'UNKNOWN_LINE',
        at,
        'not a line that ipset list prints before the members of a set; it is skipped',
        'If it holds a member, take the dump again with ipset list.',
      )
      return
    }
    if (block.seen.has(key)) {
      this.leave(at)
      return
    }
    block.seen.add(key)
    const valueStart = at + colon + 1
    const {set} = block
    if (key === 'Type') set.type = source.slice(colon + 1).trim() || UNKNOWN_TYPE
    else if (key === 'Header') set.header = readOptions(piece, valueStart, end, this.problems)
    else if (key !== 'Members') this.count(set, key, source.slice(colon + 1).trim(), valueStart)
    if (key === 'Number of entries') block.entriesLine = line
  }

  private count(set: OpenSet, key: Key, word: string, at: number): void {
    const value = Number(word)
    if (!/^\d+$/.test(word) || !Number.isSafeInteger(value)) {
      this.problems.add(
        'BAD_HEADER',
        at,
        `"${key}" is not a number, so it is unknown for set "${shownLine(set.name)}"`,
        'The rest of the set is read. The line is damaged: take the dump again.',
      )
    } else if (key === 'Revision') set.revision = value
    else if (key === 'Size in memory') set.sizeBytes = value
    else if (key === 'References') set.references = value
    else set.entries = value
  }

  private member(block: Block, piece: string, at: number, end: number, line: number): void {
    const {set} = block
    // A line after the last member, or a header line, belongs to another set whose `Name:` line is damaged.
    const isFull = this.isBehindBlank && set.entries !== undefined && membersRead(block) >= set.entries
    if (isFull || isHeadLine(piece, at, end)) {
      this.leave(at)
      return
    }
    const stop = isList(set.type) ? this.sets.nameEnd(piece, at, end) : wordEnd(piece, at, end)
    set.members.push(readMember(piece.slice(at, stop), piece, stop, end, line, this.problems))
  }

  private leave(at: number): void {
    this.close()
    this.skip(at)
  }

  private skip(at: number): void {
    if (this.isSkipping) return
    const last = this.blocks.at(-1)
    if (last) cutSet(last.set, 'lines behind it belong to no set')
    this.isSkipping = true
    this.damage ??= 'some of its lines belong to no set'
    this.problems.add(
      'MEMBER_OUTSIDE_SET',
      at,
      'a line of no set, as the "Name:" line before it is missing or damaged; all is skipped up to the next one',
      'Members of one set may be lost here. Take the dump again with ipset list.',
    )
  }

  private close(): void {
    const {block} = this
    this.block = undefined
    if (!block?.seen.has('Members')) return
    const {name, entries, header} = block.set
    const read = membersRead(block)
    // Members with a timeout may expire between the count and the list, and the kernel's count may include expired ones.
    if (entries === undefined || read === entries || (read < entries && header.has('timeout'))) return
    block.set.cut = {reason: `it should have ${entries} members, ${read} are listed`, isDamaged: this.problems.isOpenEnd}
    this.problems.addElsewhere({
      code: 'TRUNCATED_FILE',
      line: block.entriesLine,
      column: 1,
      text: `Number of entries: ${entries}`,
      message: `set "${shownLine(name)}" should have ${entries} members, ${read} are listed: the dump is damaged or the set changed`,
      next: 'The members listed are read. Take the dump again.',
    })
  }

  /** @param expected the lines that other sets of the dump have: one ipset prints the same lines for every set */
  private checkKeys({set, seen, line}: Block, expected: ReadonlySet<Key>): void {
    const missing = keys.filter(key => expected.has(key) && !seen.has(key))
    if (missing.length === 0) return
    cutSet(set, `the lines ${missing.join(', ')} are missing`)
    this.problems.addElsewhere({
      code: 'BAD_HEADER',
      line,
      column: 1,
      text: shownLine(NAME + set.name),
      message: `set "${shownLine(set.name)}" lacks the lines ${missing.join(', ')}: the dump is cut or damaged there`,
      next: 'What is there is read. Take the dump again with ipset list.',
    })
  }
}

/** Whether a line is a header line. Members rarely begin with a capital, so most lines need one comparison. */
function isHeadLine(piece: string, at: number, end: number): boolean {
  const code = piece.charCodeAt(at)
  if (code < 65 || code > 90) return false
  const source = piece.slice(at, end).trimEnd()
  return source === 'Members:' || keys.some(key => source.startsWith(`${key}: `))
}
