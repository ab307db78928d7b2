import stringWidth from 'fast-string-width'
import {escapeControls} from '../../../core/text/escape.ts'

const segmenter = new Intl.Segmenter('en', {granularity: 'grapheme'})
const PRINTABLE = /^[ -~]*$/
/** Of a cell: what is longer is cut before it is measured. */
const LONGEST = 2000

/** Columns that a text takes in a terminal. */
export const widthOf = (text: string): number => (PRINTABLE.test(text) ? text.length : stringWidth(text))

/** Text from nodes, fit for a terminal. */
export const safeText = (text: string): string => escapeControls(text.slice(0, LONGEST))

/** A text as wide as `width` at most. What is cut off is shown as `mark`, at the end or in the middle, where names often differ least. */
export function cutText(text: string, width: number, mark: string, where: 'end' | 'middle' = 'end'): string {
  if (widthOf(text) <= width) return text
  if (width <= 0) return ''
  const room = width - mark.length
  const tail = where === 'middle' ? Math.floor(room / 2) : 0
  return startOf(text, room - tail) + mark + endOf(text, tail)
}

const clusters = (text: string): string[] =>
  PRINTABLE.test(text) ? Array.from(text) : [...segmenter.segment(text)].map(({segment}) => segment)

function startOf(text: string, width: number): string {
  let taken = ''
  let left = width
  for (const cluster of clusters(text)) {
    left -= widthOf(cluster)
    if (left < 0) break
    taken += cluster
  }
  return taken
}

/** The end of a text, as much as fits. */
export function endOf(text: string, width: number): string {
  let taken = ''
  let left = width
  for (const cluster of clusters(text).toReversed()) {
    left -= widthOf(cluster)
    if (left < 0) break
    taken = cluster + taken
  }
  return taken
}

/** A text that is exactly as wide. */
export function padText(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const padding = ' '.repeat(Math.max(0, width - widthOf(text)))
  return align === 'right' ? padding + text : text + padding
}

/** Lines of at most `width`, broken between words where there are any; of more than `most` lines the beginning. */
export function wrapText(text: string, width: number, most: number, mark: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (widthOf(longer) <= width) {
      line = longer
      continue
    }
    if (line !== '') lines.push(line)
    line = word
    while (widthOf(line) > width && lines.length < most) {
      const start = startOf(line, width)
      // A character that is wider than the whole line is cut to nothing.
      if (start === '') return lines
      lines.push(start)
      line = line.slice(start.length)
    }
  }
  if (line !== '') lines.push(line)
  if (lines.length <= most) return lines
  const last = lines[most - 1] ?? ''
  return [
    ...lines.slice(0, most - 1),
    widthOf(last) < width - 1 ? `${last} ${mark}` : cutText(`${last}${mark}${mark}`, width, mark),
  ]
}
