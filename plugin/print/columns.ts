import stringWidth from 'fast-string-width'
import {escapeControls} from '../../core/text/escape.ts'
import type {Paint, Style} from './paint.ts'

export interface Column<Row> {
  readonly header: string
  readonly value: (row: Row) => string
  readonly align?: 'right'
  readonly style?: (row: Row) => Style | undefined
}

const GAP = '   '
/** Characters of a cell, many more than any name or meaning has that a cluster can hold. JSON has all of it. */
const LONGEST_CELL = 1000

/** Text for a cell of a table: of what is longer the beginning. A name of a megabyte would stand in every row. */
export const cellText = (text: string): string =>
  text.length <= LONGEST_CELL ? text : `${text.slice(0, LONGEST_CELL).replace(/[\ud800-\udbff]$/, '')}…`

/** One cell of a few hundred characters must not push all others off the screen; it runs over instead. */
const WIDEST = 60

/**
 * A kubectl-like table: upper-case headers, columns as wide as their widest cell, nothing behind the last one.
 *
 * @param widest cells that are wider run over; Infinity where each column was asked for, and for texts of our own
 */
export function* columns<Row>(
  rows: readonly Row[],
  spec: readonly Column<Row>[],
  paint: Paint,
  hasHeaders = true,
  widest = WIDEST,
): Generator<string> {
  const cells = rows.map(row => spec.map(column => escapeControls(cellText(column.value(row)))))
  const widths = spec.map((column, index) =>
    cells.reduce(
      (width, row) => Math.max(width, Math.min(widest, stringWidth(row[index] as string))),
      hasHeaders ? column.header.length : 0,
    ),
  )
  const line = (texts: readonly string[], styleOf: (index: number) => Style | undefined): string =>
    texts
      .map((text, index) => {
        const column = spec[index] as Column<Row>
        const padding = ' '.repeat(Math.max(0, (widths[index] as number) - stringWidth(text)))
        const painted = paint(text, styleOf(index))
        if (column.align === 'right') return padding + painted
        return index === spec.length - 1 ? painted : painted + padding
      })
      .join(GAP)
      .trimEnd()
  if (hasHeaders)
    yield line(
      spec.map(({header}) => header),
      () => 'bold',
    )
  for (const [index, row] of rows.entries()) yield line(cells[index] as string[], column => spec[column]?.style?.(row))
}
