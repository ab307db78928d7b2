import {CHECKED_LINES, checkMemory} from './memory.ts'

/**
 * A text in pieces; each but the last ends with a line feed. A single string is limited to half a gigabyte, which dumps may
 * exceed. Also, a non-Latin-1 character doubles only the memory of its own piece.
 */
export type Text = readonly string[]

/** Receives one line: `piece.slice(start, end)`, without line feed or carriage returns. `line` counts from 1 over all pieces. */
export type LineVisitor = (piece: string, start: number, end: number, line: number) => void

/** Visits every line without copying it. A last line without a line feed counts; an empty rest after the last line feed does not. */
export function eachLine(text: Text, visit: LineVisitor): void {
  let line = 0
  for (const piece of text) {
    for (let start = 0; start < piece.length; ) {
      const feed = piece.indexOf('\n', start)
      const next = feed < 0 ? piece.length : feed + 1
      let end = feed < 0 ? piece.length : feed
      // A terminal adds a carriage return, and a Windows shell adds another.
      while (end > start && piece.charCodeAt(end - 1) === 13) end--
      line++
      if (line % CHECKED_LINES === 0) checkMemory()
      visit(piece, start, end, line)
      start = next
    }
  }
}

const SHOWN_LENGTH = 200

/** A line cut to the length that an error message shows. */
export const shownLine = (line: string): string => (line.length > SHOWN_LENGTH ? `${line.slice(0, SHOWN_LENGTH)}…` : line)
