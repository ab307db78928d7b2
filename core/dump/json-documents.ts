import type {Text} from '../text/lines.ts'

/** A place in a text, and what is wrong there. */
export interface JsonFault {
  /** From 1. */
  readonly line: number
  readonly column: number
  readonly message: string
  /** Whether the text ends inside of a document: what would follow is not known. */
  readonly isCut: boolean
  /** The document that is not valid, as far as it goes; absent for what belongs to none. */
  readonly document?: string
}

/** The JSON documents of a text. */
export interface JsonDocuments {
  readonly values: unknown[]
  /** The place of each of them: offsets of its first character, and of the one behind it. */
  readonly spans: readonly (readonly [start: number, end: number])[]
  /** Documents that are not valid, and lines between documents that belong to none. */
  readonly faults: JsonFault[]
  /** What stands behind a line `---`: YAML, though it may look like JSON. */
  readonly yaml?: {readonly text: string; readonly line: number}
}

/** V8 names the place of a syntax error in its message. */
const JSON_PLACE = /\(line (\d+) column (\d+)\)/
/** Pods' logs, as `kubectl cluster-info dump` prints them between its lists. They may hold anything, objects of somebody else too. */
const LOGS_START = '==== START logs for container '
const LOGS_END = '==== END logs for container '

const [FEED, QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN, CLOSE] = [10, 34, 92, 91, 93, 123, 125] as const
const isOpening = (code: number): boolean => code === OPEN || code === OPEN_LIST
const isClosing = (code: number): boolean => code === CLOSE || code === CLOSE_LIST
/** White space, byte order marks of joined files, and commas and record separators of other ways to write many documents. */
const isBetween = (code: number): boolean => code <= 32 || code === 0x2c || code === 0xfeff

/**
 * Parses the JSON documents that stand in a text one after the other, as kubectl prints them for `get -w` and a shell for several
 * calls: on lines of their own or not. What belongs to no document is a fault, and what follows it is read.
 *
 * Source: kubectl reads such files (k8s.io/apimachinery, util/yaml, YAMLOrJSONDecoder), `---` within them too.
 */
export function parseJsonDocuments(text: Text): JsonDocuments {
  let first: unknown
  try {
    return {values: [JSON.parse(text.join(''))], spans: [[0, Infinity]], faults: []}
  } catch (error) {
    first = error
  }
  return text.length === 1 ? scan(text[0] as string) : scanPieces(text, first)
}

/** A text that is too long to be joined has no valid document of its own length either: kubectl's are a hundred times shorter. */
function scanPieces(text: Text, error: unknown): JsonDocuments {
  let whole: string
  try {
    whole = text.join('')
  } catch {
    return {values: [], spans: [], faults: [fault(error, 1, 1, false)]}
  }
  return scan(whole)
}

function scan(text: string): JsonDocuments {
  const values: unknown[] = []
  const spans: [start: number, end: number][] = []
  const faults: JsonFault[] = []
  const lines = new LineCount(text)
  for (let at = 0; at < text.length; ) {
    if (isBetween(text.charCodeAt(at))) {
      at++
      continue
    }
    const start = at
    if (isOpening(text.charCodeAt(at))) {
      const end = endOfDocument(text, at)
      at = end ?? text.length
      try {
        values.push(JSON.parse(text.slice(start, at)))
        spans.push([start, at])
      } catch (error) {
        const [line, column] = lines.placeOf(start)
        faults.push({...fault(error, line, column, end === undefined), document: text.slice(start, at)})
      }
      continue
    }
    const [line, column] = lines.placeOf(start)
    if (column === 1 && /^---\s/.test(text.slice(at, at + 4).padEnd(4)))
      return {values, spans, faults, yaml: {text: text.slice(at), line}}
    if (text.startsWith(LOGS_START, at)) {
      const end = text.indexOf(`\n${LOGS_END}`, at)
      at = end < 0 ? text.length : lineEnd(text, end + 1)
      continue
    }
    at = lineEnd(text, at)
    const shown = text.slice(start, Math.min(at, start + SHOWN)).trim()
    faults.push({line, column, message: `"${shown}" belongs to no JSON document; it is passed over`, isCut: false})
  }
  return {values, spans, faults}
}

const SHOWN = 60

function lineEnd(text: string, at: number): number {
  const feed = text.indexOf('\n', at)
  return feed < 0 ? text.length : feed + 1
}

/** Finds where a document ends that begins at a bracket: behind the bracket that closes it. Undefined when none does. */
function endOfDocument(text: string, start: number): number | undefined {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      const end = endOfString(text, at)
      if (end === undefined) return undefined
      at = end
    } else if (isOpening(code)) depth++
    else if (isClosing(code) && --depth === 0) return at + 1
  }
  return undefined
}

/** The place of the quote that closes a string. */
function endOfString(text: string, start: number): number | undefined {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let escapes = 0
    while (text.charCodeAt(at - 1 - escapes) === BACKSLASH) escapes++
    if (escapes % 2 === 0) return at
  }
  return undefined
}

/** Counts lines from one place to the next, so that a text is looked through once. */
class LineCount {
  private readonly text: string
  private line = 1
  private lineStart = 0
  private at = 0

  constructor(text: string) {
    this.text = text
  }

  /** @param offset not before the one that was asked for last */
  placeOf(offset: number): [line: number, column: number] {
    for (; this.at < offset; this.at++)
      if (this.text.charCodeAt(this.at) === FEED) {
        this.line++
        this.lineStart = this.at + 1
      }
    return [this.line, offset - this.lineStart + 1]
  }
}

/** @param line of the document, whose own places count from its beginning */
function fault(error: unknown, line: number, column: number, isCut: boolean): JsonFault {
  const reason = error instanceof Error ? error.message : String(error)
  const place = JSON_PLACE.exec(reason)
  const inner = place ? {line: Number(place[1]), column: Number(place[2])} : undefined
  return {
    line: inner ? line + inner.line - 1 : line,
    column: inner && inner.line > 1 ? inner.column : column + (inner?.column ?? 1) - 1,
    message: `not valid JSON: ${reason.replace(/ in JSON at position.*| \(line .*/, '')}`,
    isCut,
  }
}
