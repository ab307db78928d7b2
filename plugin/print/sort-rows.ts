import {InputError} from '../../core/problem/input-error.ts'
import {meant} from '../../core/text/nearest.ts'
import type {Column} from './columns.ts'
import {valuesOfPath} from './json-path.ts'

/** Rows in the order that somebody asks for. Rows that are equal in it stay as they were. */
export type SortRows<Row> = (rows: readonly Row[]) => Row[]

export interface SortOptions<Row> {
  /** What a document has in the place of a row, for paths into it. By default the row itself. */
  readonly itemOf?: (row: Row) => unknown
  /** Columns with an order of their own, by their keys: states, of which the worst comes first. */
  readonly orders?: Readonly<Record<string, SortRows<Row>>>
}

/** How a column is named on the command line: `new-conns` for NEW CONNS, and for the same in a second. */
export const columnKey = ({header}: Pick<Column<never>, 'header'>): string =>
  header
    .toLowerCase()
    .replace(/\/s$/, '')
    .replaceAll(/[^a-z0-9]+/g, '-')

/** As kubectl has it: numbers within names count as numbers, `n9` before `n10`. */
const natural = new Intl.Collator('en', {numeric: true}).compare

/**
 * Reads `--sort-by`: the name of a column, or a path into an item as kubectl takes it, `.metadata.name` or `{.name}`. A column of counts has
 * the largest first, and any other the alphabet; a path goes upwards, and what has nothing there comes last.
 *
 * @param columns all that the list can have
 * @throws InputError for a column that there is none of, and a path that cannot be read
 */
export async function sorterOf<Row>(
  by: string | undefined,
  columns: readonly Column<Row>[],
  {itemOf = row => row, orders = {}}: SortOptions<Row> = {},
): Promise<SortRows<Row>> {
  if (by === undefined) return rows => [...rows]
  const key = columnKey({header: by})
  const known = Object.hasOwn(orders, key) ? orders[key] : undefined
  if (known) return known
  const column = columns.find(each => columnKey(each) === key)
  if (column) return byColumn(column)
  if (/^[.{$[]|[.[]/.test(by)) return byPath(by, await valuesOfPath(by), itemOf)
  const keys = [...new Set([...Object.keys(orders), ...columns.map(columnKey)])]
  throw new InputError(`--sort-by ${by}: there is no such column`, [
    ...meant(key, keys),
    `Choose one of ${keys.join(', ')}, or give a path into an item: --sort-by .name`,
  ])
}

function byColumn<Row>({value, align}: Column<Row>): SortRows<Row> {
  if (align !== 'right') return sorted(value, natural)
  return sorted(
    row => Number.parseFloat(value(row)),
    // What is not known comes last.
    (a, b) => (Number.isNaN(a) ? (Number.isNaN(b) ? 0 : 1) : Number.isNaN(b) ? -1 : b - a),
  )
}

function byPath<Row>(path: string, valuesOf: (value: unknown) => unknown[], itemOf: (row: Row) => unknown): SortRows<Row> {
  return rows => {
    const firstOf = (row: Row): unknown => valuesOf(itemOf(row))[0]
    if (rows.length > 0 && rows.every(row => firstOf(row) === undefined))
      throw new InputError(`--sort-by ${path}: no item has such a field`, 'See the fields of an item with -o yaml.')
    return sorted(firstOf, compareValues)(rows)
  }
}

function compareValues(a: unknown, b: unknown): number {
  if (a === undefined || a === null || b === undefined || b === null)
    return Number(a === undefined || a === null) - Number(b === undefined || b === null)
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
  return natural(textOf(a), textOf(b))
}

/** Each key is found once. */
const sorted =
  <Row, Key>(keyOf: (row: Row) => Key, compare: (a: Key, b: Key) => number): SortRows<Row> =>
  rows =>
    rows
      .map(row => ({row, key: keyOf(row)}))
      .toSorted((a, b) => compare(a.key, b.key))
      .map(({row}) => row)
