import type {LineProblems} from './line-problems.ts'
import type {Member} from './model.ts'

const TAB = 9
const CARRIAGE_RETURN = 13
const SPACE = 32
const QUOTE = 34

/** Whether a character separates words in `ipset restore`. */
const isBlank = (code: number): boolean => code === SPACE || code === TAB || code === CARRIAGE_RETURN

/** Returns the offset of the next word; `end` if there is none. */
export function wordStart(piece: string, at: number, end: number): number {
  let next = at
  while (next < end && isBlank(piece.charCodeAt(next))) next++
  return next
}

/** Returns the offset of the end of the word at `at`. It never scans past the line, as `indexOf` could. */
export function wordEnd(piece: string, at: number, end: number): number {
  let next = at
  while (next < end && !isBlank(piece.charCodeAt(next))) next++
  return next
}

/**
 * Finds the end of a word in double quotes. ipset has no escapes: a quote ends at the next one.
 *
 * @returns the offset after the closing quote; undefined if the word is not quoted, or is empty, which ipset drops
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

/**
 * Reads the options of a set, from an offset to the end of the line.
 *
 * @returns values by option; an option that takes no value maps to the empty string
 */
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

/** Builds a member from its entry and the words after it, from an offset to the end of the line. */
export function readMember(entry: string, piece: string, at: number, end: number, line: number, problems: LineProblems): Member {
  let start = wordStart(piece, at, end)
  // Most members have no words after the entry.
  if (start === end) return {entry, nomatch: false, line}
  let nomatch = false
  let extra = ''
  let keptFrom = start
  let keptTo = start
  let openQuote = -1
  while (start < end) {
    const stop = wordEnd(piece, start, end)
    const next = wordStart(piece, stop, end)
    // A comment may contain "nomatch", so only a word outside quotes counts. It may follow other options.
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
  // If "nomatch" is last, drop the blank before it.
  extra = keptTo > keptFrom ? extra + piece.slice(keptFrom, keptTo) : extra.trimEnd()
  return extra === '' ? {entry, nomatch, line} : {entry, nomatch, line, extra}
}

/** Returns the offset of the quote that is still open after a word, or -1. */
function quoteState(piece: string, start: number, stop: number, open: number): number {
  let state = open
  for (let at = start; at < stop; at++) if (piece.charCodeAt(at) === QUOTE) state = state < 0 ? at : -1
  return state
}
