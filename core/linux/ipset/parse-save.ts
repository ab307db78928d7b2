import type {Problem} from '../../problem/problem.ts'
import {eachLine, shownLine, type Text} from '../../text/lines.ts'
import {LineProblems} from './line-problems.ts'
import type {MatchSet} from './model.ts'
import {cutSet, isList, LONGEST_NAME, type OpenSet, ParsedSets, UNKNOWN_TYPE} from './parsed-sets.ts'
import {quotedEnd, readMember, readOptions, wordEnd, wordStart} from './tokenizer.ts'

/**
 * Parses `ipset save` text. A line that is not understood becomes a problem; everything else is still parsed.
 *
 * @param file name of the file, for the problems
 * @returns the sets in the order of the dump, each name once: a second `create` of a name adds to the first. A set without
 *   a `create` line has the type `unknown`. An empty text is the dump of a node without sets, so it is no problem.
 *   `last` is the name of the last set, whose members nothing ends. `damage` is why sets may be missing: a line is not understood.
 * Source: ipset(8); ipset 7.17 for quotes and blanks.
 */
export function parseIpsetSave(
  text: Text,
  file?: string,
): {sets: MatchSet[]; problems: Problem[]; last?: string; damage?: string} {
  const parser = new SaveParser(file)
  eachLine(text, (piece, start, end, line) => parser.visit(piece, start, end, line))
  return parser.result()
}

const NUMBER_SIGN = 35
const NOT_CREATED = 'it has members and no line that creates it'

/** Members of a set that is in the text several times are read once where they are the same. Two moments tell nothing of either. */
function joinRepeated(set: OpenSet, starts: readonly number[]): void {
  const times = starts.map((start, index) => set.members.slice(start, starts[index + 1]))
  const [first = [], ...others] = times.map(members =>
    members.map(({entry, nomatch}) => `${entry}${nomatch ? ' nomatch' : ''}`).toSorted(),
  )
  if (others.every(members => members.join('\n') === first.join('\n'))) set.members.splice(first.length)
  else cutSet(set, 'it is created twice, with other members')
}

class SaveParser {
  private readonly problems: LineProblems
  private readonly sets = new ParsedSets()
  /** Sets with members but no `create` line so far. */
  private readonly uncreated = new Set<OpenSet>()
  private current: OpenSet | undefined
  /** `add NAME ` of the current set. A set's members are consecutive, so most lines need one comparison. */
  private currentStart = ''
  private joined: string | undefined
  private lost: string | undefined
  /** By sets that are created again: where their members of each time begin. */
  private readonly again = new Map<OpenSet, number[]>()

  constructor(file: string | undefined) {
    this.problems = new LineProblems(file)
  }

  visit(piece: string, start: number, end: number, line: number): void {
    if (!this.problems.enter(piece, start, end, line)) {
      this.damage(`line ${line} is longer than any that ipset prints`)
      return
    }
    const {current, currentStart} = this
    // A slice and a comparison take a third of the time of `startsWith`.
    if (current && piece.slice(start, start + currentStart.length) === currentStart) {
      this.member(current, piece, start + currentStart.length, end, line)
      return
    }
    const at = wordStart(piece, start, end)
    if (at === end || piece.charCodeAt(at) === NUMBER_SIGN) return
    const stop = wordEnd(piece, at, end)
    const next = wordStart(piece, stop, end)
    const word = piece.slice(at, stop)
    if (word === 'add') this.add(piece, next, end, line)
    else if (word === 'create') this.create(piece, next, end, line)
    // Old versions of ipset ended a save with COMMIT, and every version accepts it.
    else if (word !== 'COMMIT') {
      this.damage(`line ${line} is none that ipset save prints`)
      this.problems.add(
        'UNKNOWN_LINE',
        at,
        'not a line that ipset save prints; it is skipped',
        'If it holds a set or a member, take the dump again with ipset save.',
      )
    }
  }

  result(): ReturnType<typeof parseIpsetSave> {
    const {current} = this
    if (this.problems.isOpenEnd) this.damage('its last line has no line break, so the text may be cut there')
    for (const set of this.uncreated) cutSet(set, NOT_CREATED)
    for (const [set, starts] of this.again) joinRepeated(set, starts)
    if (this.joined !== undefined) for (const set of this.sets.all()) cutSet(set, this.joined)
    const damage = this.joined ?? this.lost ?? (this.uncreated.size > 0 ? NOT_CREATED : undefined)
    return {
      sets: this.sets.all(),
      problems: this.problems.all(),
      ...(current && {last: current.name}),
      ...(damage !== undefined && {damage}),
    }
  }

  /** The line may have held a member of the set before it, or another set. */
  private damage(reason: string): void {
    this.lost ??= reason
    if (this.current) cutSet(this.current, reason)
  }

  /** A line that holds a second one: its line breaks were lost, and so may others be. */
  private checkJoined(words: string, line: number): void {
    if (/(?:^|\s)(?:add|create)\s+\S+\s/.test(words.replaceAll(/"[^"]*"/g, '')))
      this.joined ??= `line ${line} holds several: line breaks are lost`
  }

  private create(piece: string, at: number, end: number, line: number): void {
    if (at === end) {
      this.problems.add(
        'BAD_HEADER',
        end,
        'a set without a name; the line is skipped',
        'The line is damaged. Take the dump again.',
      )
      this.damage(`line ${line} creates a set without a name`)
      return
    }
    const {name, nameEnd, typeStart} = createdName(piece, at, end)
    const typeEnd = wordEnd(piece, typeStart, end)
    if (typeStart === end)
      this.problems.add(
        'BAD_HEADER',
        end,
        `set "${shownLine(name)}" has no type here, so what its members mean is unknown`,
        'Its members are read. The line is damaged: take the dump again.',
      )
    const set = this.openSet(name, at, line)
    if (set) {
      set.type = typeStart === end ? UNKNOWN_TYPE : piece.slice(typeStart, typeEnd)
      set.header = readOptions(piece, typeEnd, end, this.problems)
      if (set.header.has('add') || set.header.has('create')) this.checkJoined(piece.slice(typeEnd, end), line)
    }
    this.enter(this.sets.get(name), piece.slice(at, nameEnd))
    if (typeStart === end) this.damage(`line ${line} creates it without a type`)
  }

  /** The set of a `create` line; undefined when an earlier line created it. */
  private openSet(name: string, at: number, line: number): OpenSet | undefined {
    const known = this.sets.get(name)
    if (!known) return this.sets.add(name, UNKNOWN_TYPE, line)
    if (this.uncreated.delete(known)) {
      known.line = line
      return known
    }
    this.again.set(known, [...(this.again.get(known) ?? [0]), known.members.length])
    this.problems.add(
      'DUPLICATE_SET',
      at,
      `set "${shownLine(name)}" is created twice, first in line ${known.line}: are these two dumps in one file?`,
      'If both have the same members they are one set, else its members are unknown. Give each dump as a file of its own and name the one you mean.',
    )
    return undefined
  }

  private add(piece: string, at: number, end: number, line: number): void {
    const quoted = quotedEnd(piece, at, end)
    const nameEnd = quoted ?? this.sets.nameEnd(piece, at, end)
    const name = quoted === undefined ? piece.slice(at, nameEnd) : piece.slice(at + 1, quoted - 1)
    if (wordStart(piece, nameEnd, end) === end) {
      this.noEntry(end, line)
      return
    }
    const set = this.sets.get(name) ?? this.outsideSet(name, at, line)
    this.enter(set, piece.slice(at, nameEnd))
    this.member(set, piece, nameEnd, end, line)
  }

  private outsideSet(name: string, at: number, line: number): OpenSet {
    this.problems.add(
      'MEMBER_OUTSIDE_SET',
      at,
      `set "${shownLine(name)}" has members but no "create" line before them: its type is unknown unless one follows`,
      'Its members are read. Check that the dump is complete: ipset save prints each set before its members.',
    )
    const set = this.sets.add(name, UNKNOWN_TYPE, line)
    this.uncreated.add(set)
    return set
  }

  private enter(set: OpenSet | undefined, nameAsPrinted: string): void {
    this.current = set
    this.currentStart = `add ${nameAsPrinted} `
  }

  private member(set: OpenSet, piece: string, at: number, end: number, line: number): void {
    const start = wordStart(piece, at, end)
    if (start === end) {
      this.noEntry(end, line)
      return
    }
    const quoted = quotedEnd(piece, start, end)
    if (quoted !== undefined)
      set.members.push(readMember(piece.slice(start + 1, quoted - 1), piece, quoted, end, line, this.problems))
    else {
      const stop = isList(set.type) ? this.sets.nameEnd(piece, start, end) : wordEnd(piece, start, end)
      const member = readMember(piece.slice(start, stop), piece, stop, end, line, this.problems)
      if (member.extra !== undefined) this.checkJoined(member.extra, line)
      set.members.push(member)
    }
  }

  private noEntry(at: number, line: number): void {
    this.damage(`line ${line} adds no member`)
    this.problems.add(
      'BAD_MEMBER',
      at,
      'a member line without a member; it is skipped',
      'The line is damaged. Take the dump again.',
    )
  }
}

/** Finds the name in a `create` line. A name with blanks is quoted, or ends before the first word that is a type. */
function createdName(piece: string, at: number, end: number): {name: string; nameEnd: number; typeStart: number} {
  const quoted = quotedEnd(piece, at, end)
  if (quoted !== undefined) {
    return {name: piece.slice(at + 1, quoted - 1), nameEnd: quoted, typeStart: wordStart(piece, quoted, end)}
  }
  const first = wordEnd(piece, at, end)
  const second = wordStart(piece, first, end)
  for (let stop = first; stop < end && stop - at <= LONGEST_NAME; ) {
    const next = wordStart(piece, stop, end)
    if (/^(?:hash|bitmap|list):/.test(piece.slice(next, next + 7)))
      return {name: piece.slice(at, stop), nameEnd: stop, typeStart: next}
    stop = wordEnd(piece, next, end)
  }
  return {name: piece.slice(at, first), nameEnd: first, typeStart: second}
}
