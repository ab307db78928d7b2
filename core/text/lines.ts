/**
 * A text in pieces, each but the last ending with a line feed. Pieces keep a dump of any size readable: one string
 * holds at most half a gigabyte, and one odd character doubles the memory of its own piece only.
 */
export type Text = readonly string[]

/** One line: `piece.slice(start, end)`, without its line feed or carriage returns. `line` counts from 1 over all pieces. */
export type LineVisitor = (piece: string, start: number, end: number, line: number) => void

/** Visits every line without copying it. A last line without a line feed counts; an empty rest behind the last one does not. */
export function eachLine(text: Text, visit: LineVisitor): void {
  let line = 0
  for (const piece of text) {
    for (let start = 0; start < piece.length; ) {
      const feed = piece.indexOf('\n', start)
      const next = feed < 0 ? piece.length : feed + 1
      let end = feed < 0 ? piece.length : feed
      // A terminal adds one, and so does a shell of Windows behind it.
      while (end > start && piece.charCodeAt(end - 1) === 13) end--
      line++
      visit(piece, start, end, line)
      start = next
    }
  }
}

const SHOWN_LENGTH = 200

/** A line cut to what an error message can show. */
export const shownLine = (line: string): string => (line.length > SHOWN_LENGTH ? `${line.slice(0, SHOWN_LENGTH)}…` : line)
