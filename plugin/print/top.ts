import {isHistory, sortRows, type Tone, type TopTable} from '../../core/top/table.ts'
import {type Column, columns} from './columns.ts'
import type {Paint, Style} from './paint.ts'

const styles: Readonly<Partial<Record<Tone, Style>>> = {bad: 'red', warning: 'yellow', good: 'green', faint: 'dim'}

/** A page of the screen as a plain table, with a line of what holds for all of it. What is drawn is left out: it cannot be read aloud. */
export function* topLines(table: TopTable, sortedBy: string | undefined, paint: Paint, hasHeaders = true): Generator<string> {
  const rows = sortRows(table, sortedBy === undefined ? undefined : {column: sortedBy, isReversed: false})
  for (const {text, tone} of table.about) yield paint(text, tone && styles[tone])
  if (rows.length === 0) {
    for (const text of table.empty) yield paint(text)
    return
  }
  const spec = table.columns.flatMap((column, index): Column<(typeof rows)[number]>[] => {
    if (rows.some(row => isHistory(row.cells[index]))) return []
    const cellOf = (row: (typeof rows)[number]) => {
      const cell = row.cells[index]
      return cell === undefined || isHistory(cell) ? undefined : cell
    }
    return [
      {
        header: column.header,
        value: row => cellOf(row)?.text ?? '',
        ...(column.align && {align: column.align}),
        style: row => styles[cellOf(row)?.tone ?? 'strong'],
      },
    ]
  })
  yield* columns(rows, spec, paint, hasHeaders)
}
