import type {Page} from './page.ts'

/** What a colour says besides the word that it repeats. */
export type Tone = 'bad' | 'warning' | 'good' | 'faint' | 'strong'

export interface Cell {
  readonly text: string
  /** What the column is sorted by, if not the text. Unknown values are last, in whichever order. */
  readonly value?: number | string | null
  readonly tone?: Tone
}

export interface TopColumn {
  readonly key: string
  readonly header: string
  readonly align?: 'right'
  /** Cells below which the column is not shown. */
  readonly least: number
  /** Columns with a higher number are left out first where all do not fit. */
  readonly rank: number
  /** Whether it takes the room that is left. One column of a table does. */
  readonly grows?: boolean
  /** The part of the width that it may take before columns that are less important are shown. */
  readonly share?: number
  /** Where texts are cut that are too long: names of nodes differ at their ends. */
  readonly cut?: 'end' | 'middle'
  /** Sorted from the largest, as most numbers are. */
  readonly isDescending?: boolean
  /** What the number means: said below the table while it is sorted by it. */
  readonly meaning?: string
}

/** Values of a minute, the oldest first; null where none is known. Drawn as a sparkline of as many characters as there is room for. */
export type History = readonly (number | null)[]

/** A cell that is drawn. It is computed for rows that are seen: a node may have thousands of policies. */
export type DrawnHistory = () => History

export interface Row {
  /** The same for the same thing in every table, so that a selected row stays selected when its place changes. */
  readonly key: string
  /** One for each column. */
  readonly cells: readonly (Cell | DrawnHistory)[]
  /** What entering it leads to. */
  readonly opens?: Page
  /** Said of it below the table while it is selected. */
  readonly details: readonly string[]
  /** What is printed of it as YAML. */
  readonly document: () => unknown
}

/** What a page shows. */
export interface TopTable {
  /** One line each, above the table. */
  readonly about: readonly {readonly text: string; readonly tone?: Tone}[]
  readonly columns: readonly TopColumn[]
  readonly rows: readonly Row[]
  /** Key of the column by which it is sorted at first. */
  readonly sortedBy: string
  /** Said instead of rows where there are none. */
  readonly empty: readonly string[]
}

export interface Sort {
  readonly column: string
  readonly isReversed: boolean
}

export const isHistory = (cell: Cell | DrawnHistory | undefined): cell is DrawnHistory => typeof cell === 'function'

const valueOf = (row: Row, index: number): number | string | null => {
  const cell = row.cells[index]
  if (!cell || isHistory(cell)) return null
  return cell.value === undefined ? cell.text : cell.value
}

/** Rows in the order that is asked for; those with equal values by their keys, so that they do not change places by themselves. */
export function sortRows(table: TopTable, sort: Sort | undefined): Row[] {
  const key = sort?.column ?? table.sortedBy
  const index = table.columns.findIndex(column => column.key === key)
  const column = table.columns[index]
  const sign = (column?.isDescending ?? false) === (sort?.isReversed ?? false) ? 1 : -1
  return table.rows.toSorted((a, b) => {
    const one = valueOf(a, index)
    const other = valueOf(b, index)
    if (one === null || other === null) return Number(one === null) - Number(other === null) || compare(a.key, b.key)
    return sign * compare(one, other) || compare(a.key, b.key)
  })
}

const compare = (a: number | string, b: number | string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Columns that a table can be sorted by: not those that are drawn. */
export const sortableColumns = (table: TopTable): readonly TopColumn[] =>
  table.columns.filter((_, index) => !table.rows.some(row => isHistory(row.cells[index])))
