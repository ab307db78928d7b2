import stringWidth from 'fast-string-width'

/** Colours and weights, which take no room. Nothing else of a terminal's language is in lines that are printed. */
const STYLE = /\u001b\[(\d+)m/g

const withoutStyles = (text: string): string => text.replaceAll(STYLE, '')

/** Fewer columns than this behind an indent are no room for a sentence. */
const LEAST_ROOM = 24

/**
 * Lines for a screen of some width: sentences are broken between words, and go on below where they began. Rows of a table stay whole, as
 * kubectl leaves them.
 */
export function* wrapLines(lines: Iterable<string>, width: number): Generator<string> {
  for (const line of lines) {
    // Most lines are short, and no line has more characters than bytes.
    if (line.length <= width) yield line
    else yield* wrapLine(line, width)
  }
}

function* wrapLine(line: string, width: number): Generator<string> {
  const plain = withoutStyles(line)
  if (stringWidth(plain) <= width || isTableRow(plain)) return yield line
  const hang = ' '.repeat(hangOf(plain, width))
  const open: string[] = []
  let row = ''
  let used = 0
  let isStart = true
  for (const [piece] of line.matchAll(/ +|[^ ]+/g)) {
    if (piece.startsWith(' ')) {
      row += piece
      used += piece.length
      continue
    }
    const needed = stringWidth(withoutStyles(piece))
    if (!isStart && used + needed > width) {
      yield row.trimEnd() + open.toReversed().map(closing).join('')
      row = hang + open.map(code => `\u001b[${code}m`).join('')
      used = hang.length
    }
    row += piece
    used += needed
    isStart = false
    for (const [, code = ''] of piece.matchAll(STYLE)) follow(open, code)
  }
  yield row
}

/** Two gaps are between columns: sentences and lists of names have one at most, behind what they are about. */
const isTableRow = (plain: string): boolean => plain.trimStart().split(/ {3,}/).length > 2

/** What stands before a sentence of a list: `1. `, `- `, `-> `. */
const MARKER = /^ *(?:\d+\.|->|[-+~]) /

/** Where a line goes on: behind the last gap that leaves room for words, or else a little further in than it begins. */
function hangOf(plain: string, width: number): number {
  const indent = plain.length - plain.trimStart().length
  const most = Math.max(indent, width - Math.max(LEAST_ROOM, Math.ceil(width / 2)))
  let hang = MARKER.exec(plain)?.[0].length ?? indent + 2
  for (const {0: gap, index} of plain.matchAll(/(?<=\S) {2,}(?=\S)/g)) {
    const end = index + gap.length
    if (end > most) break
    hang = end
  }
  return Math.min(hang, Math.max(0, width - LEAST_ROOM))
}

const INTENSITY = new Set(['1', '2'])

/** The code that ends a style. Source: ECMA-48, SGR. */
const closing = (code: string): string => `\u001b[${INTENSITY.has(code) ? 22 : 39}m`

/** Keeps account of the styles that are on behind a code. */
function follow(open: string[], code: string): void {
  if (code === '0') open.length = 0
  else if (code === '22' || code === '39') {
    const at = open.findLastIndex(each => INTENSITY.has(each) === (code === '22'))
    if (at >= 0) open.splice(at, 1)
  } else open.push(code)
}

/** The columns of a screen; undefined for what is none, whose lines are for programs. */
export const columnsOf = (stream: {readonly isTTY?: boolean; readonly columns?: number}): number | undefined =>
  stream.isTTY && stream.columns ? stream.columns : undefined

/** Lines as a screen needs them, and as they are for whatever is none. */
export function linesFor(stream: Parameters<typeof columnsOf>[0], lines: Iterable<string>): Iterable<string> {
  const width = columnsOf(stream)
  return width === undefined ? lines : wrapLines(lines, width)
}
