import type {LineProblems} from './line-problems.ts'
import type {Member} from './model.ts'

const TAB = 9
const CARRIAGE_RETURN = 13
const SPACE = 32
const QUOTE = 34

/** What parts words in `ipset restore`. */
const isBlank = (code: number): boolean => code === SPACE || code === TAB || code === CARRIAGE_RETURN

/** Where the next word starts; `end` if there is none. */
export function wordStart(piece: string, at: number, end: number): number {
  let next = at
  while (next < end && isBlank(piece.charCodeAt(next))) next++
  return next
}

/** Where the word that stands at a position ends. Never looks beyond the line: a search for a blank could. */
export function wordEnd(piece: string, at: number, end: number): number {
  let next = at
  while (next < end && !isBlank(piece.charCodeAt(next))) next++
  return next
}

/**
 * Where the word in double quotes that stands at a position ends, behind its closing quote. ipset knows no escapes: a
 * quote ends at the next one.
 *
 * @returns undefined if it is no such word, or an empty one, which ipset drops
 */
export function quotedEnd(piece: string, at: number, end: number): number | undefined {
  if (piece.charCodeAt(at) !== QUOTE) return undefined
  const close = piece.slice(at + 1, end).indexOf('"')
  if (close <= 0) return undefined
  const stop = at + close + 2
  return stop === end || isBlank(piece.charCodeAt(stop)) ? stop : undefined
}

/** Options of `create` that take no value. */
const valueless = new Set(['counters', 'comment', 'skbinfo', 'forceadd', 'nomatch'])

/** Reads the options of a set, from a position to the end of the line. */
export function readOptions(piece: string, at: number, end: number, problems: LineProblems): Map<string, string> {
  const options = new Map<string, string>()
  for (let start = wordStart(piece, at, end); start < end; ) {
    const stop = wordEnd(piece, start, end)
    const key = piece.slice(start, stop)
    const isValueless = valueless.has(key)
    const valueStart = isValueless ? stop : wordStart(piece, stop, end)
    const valueEnd = isValueless ? stop : wordEnd(piece, valueStart, end)
    if (!isValueless && valueStart === end)
      problems.add(
        'BAD_HEADER',
        start,
        `option "${key}" has no value: the line is cut`,
        'The other options are read. Take the dump again.',
      )
    if (options.has(key))
      problems.add(
        'BAD_HEADER',
        start,
        `option "${key}" stands twice in one line, so one of its values is not the set's`,
        'The first is kept. Take the dump again if the option matters.',
      )
    else options.set(key, piece.slice(valueStart, valueEnd))
    start = wordStart(piece, valueEnd, end)
  }
  return options
}

/** Makes a member of its entry and the words behind it, from a position to the end of the line. */
export function readMember(entry: string, piece: string, at: number, end: number, line: number, problems: LineProblems): Member {
  let start = wordStart(piece, at, end)
  // Nearly every member has nothing behind its entry.
  if (start === end) return {entry, nomatch: false, line}
  let nomatch = false
  let extra = ''
  let keptFrom = start
  let keptTo = start
  let openQuote = -1
  while (start < end) {
    const stop = wordEnd(piece, start, end)
    const next = wordStart(piece, stop, end)
    // A comment may hold the word, so it counts outside quotes only. It stands anywhere, behind a timeout for example.
    if (openQuote < 0 && stop - start === 7 && piece.startsWith('nomatch', start)) {
      nomatch = true
      extra += piece.slice(keptFrom, start)
      keptFrom = next
    } else {
      openQuote = quoteState(piece, start, stop, openQuote)
      keptTo = stop
    }
    start = next
  }
  if (openQuote >= 0)
    problems.add(
      'BAD_MEMBER',
      openQuote,
      'a comment that does not end on its line: the line is cut, or the comment holds a line feed',
      'The member is read. If the comment goes on in the next lines, those are not members.',
    )
  // With "nomatch" last there is nothing more to keep but the blank that was before it.
  extra = keptTo > keptFrom ? extra + piece.slice(keptFrom, keptTo) : extra.trimEnd()
  return extra === '' ? {entry, nomatch, line} : {entry, nomatch, line, extra}
}

/** Where the quote that is open behind a word began, or -1. */
function quoteState(piece: string, start: number, stop: number, open: number): number {
  let state = open
  for (let at = start; at < stop; at++) if (piece.charCodeAt(at) === QUOTE) state = state < 0 ? at : -1
  return state
}
