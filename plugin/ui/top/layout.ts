import {isHistory, type Row, type TopColumn, type TopTable} from '../../../core/top/table.ts'
import type {Glyphs} from './glyphs.ts'
import {cutLine, type Line, type Look, lineWidth, type Span} from './spans.ts'
import {sparkline} from './sparkline.ts'
import {cutText, padText, safeText, widthOf} from './text-width.ts'

const GAP = 2
/** Room for the mark of the selected row. */
const MARGIN = 2
/** The name in a row may take so much of the width before columns that are less important. */
const NAME_SHARE = 0.4
/** A bar for each sample that is kept. */
const MOST_BARS = 60

/** A column that is shown, and where. */
export interface PlacedColumn {
  readonly column: TopColumn
  readonly index: number
  readonly start: number
  readonly width: number
}

/** Which columns fit, and how wide each is. The least important ones are left out; what room is left goes to names, then to sparklines. */
export function placeColumns(table: TopTable, rows: readonly Row[], columns: number): PlacedColumn[] {
  const isDrawn = table.columns.map((_, index) => rows.some(row => isHistory(row.cells[index])))
  const natural = table.columns.map((column, index) => {
    const least = Math.max(column.least, widthOf(column.header))
    if (isDrawn[index]) return Math.max(column.least, widthOf(column.header))
    return rows.reduce((width, row) => Math.max(width, widthOf(cellText(row.cells[index]))), least)
  })
  const room = columns - MARGIN
  const asked = table.columns.map((column, index) =>
    column.grows
      ? Math.min(natural[index] as number, Math.max(column.least, Math.floor(room * (column.share ?? NAME_SHARE))))
      : (natural[index] as number),
  )
  const chosen = new Set<number>()
  let left = room + GAP
  for (const index of [...table.columns.keys()].toSorted((a, b) => rankOf(table, a) - rankOf(table, b))) {
    // The most important ones are shown in any case, cut where there is no room.
    const needed = (asked[index] as number) + GAP
    if (needed > left && rankOf(table, index) > 0) continue
    chosen.add(index)
    left -= needed
  }
  const widths = [...asked]
  for (const index of chosen) {
    if (left <= 0 && !table.columns[index]?.grows) continue
    const most = isDrawn[index] ? MOST_BARS : (natural[index] as number)
    if (!isDrawn[index] && !table.columns[index]?.grows) continue
    const width = Math.max(4, Math.min(most, (asked[index] as number) + left))
    left -= width - (asked[index] as number)
    widths[index] = width
  }
  let start = MARGIN
  return [...chosen]
    .toSorted((a, b) => a - b)
    .map(index => {
      const width = widths[index] as number
      const placed = {column: table.columns[index] as TopColumn, index, start, width}
      start += width + GAP
      return placed
    })
}

const rankOf = (table: TopTable, index: number): number => (table.columns[index] as TopColumn).rank

const cellText = (cell: Row['cells'][number] | undefined): string =>
  cell === undefined || isHistory(cell) ? '' : safeText(cell.text)

/** The line of headers; the column that the table is sorted by is marked. */
export function headerLine(placed: readonly PlacedColumn[], sortedBy: string, columns: number): Line {
  const spans: Span[] = [{text: ' '.repeat(MARGIN)}]
  for (const [at, {column, width}] of placed.entries()) {
    const text = padText(cutText(column.header, width, ''), width, column.align)
    spans.push({text, look: column.key === sortedBy ? 'title' : 'strong'})
    if (at < placed.length - 1) spans.push({text: ' '.repeat(GAP)})
  }
  return cutLine(spans, columns)
}

/** A row, which may be wider than the screen where that is very narrow. A selected one is marked in words, too: not every terminal shows it otherwise. */
export function rowLine(row: Row, placed: readonly PlacedColumn[], isSelected: boolean, columns: number, glyphs: Glyphs): Line {
  const spans: Span[] = [{text: padText(isSelected ? glyphs.selected : '', MARGIN), ...(isSelected && {look: 'selected'})}]
  for (const [at, {column, index, width}] of placed.entries()) {
    const cell = row.cells[index]
    const look: Look | undefined = isSelected ? 'selected' : cell && !isHistory(cell) ? cell.tone : undefined
    spans.push({text: drawCell(cell, column, width, glyphs), ...(look && {look})})
    if (at < placed.length - 1) spans.push({text: ' '.repeat(GAP), ...(isSelected && {look: 'selected' as const})})
  }
  if (!isSelected) return spans
  const line = cutLine(spans, columns)
  return [...line, {text: ' '.repeat(Math.max(0, columns - lineWidth(line))), look: 'selected'}]
}

function drawCell(cell: Row['cells'][number] | undefined, column: TopColumn, width: number, glyphs: Glyphs): string {
  if (cell !== undefined && isHistory(cell)) return sparkline(cell(), width, glyphs.bars)
  const text = cutText(cellText(cell), width, glyphs.cut, column.cut)
  return padText(text, width, column.align)
}
