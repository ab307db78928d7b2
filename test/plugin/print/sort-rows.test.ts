import {describe, expect, test} from 'vitest'
import type {Column} from '../../../plugin/print/columns.ts'
import {columnKey, sorterOf} from '../../../plugin/print/sort-rows.ts'

interface Row {
  readonly name: string
  readonly members: number | null
  readonly meta?: {readonly at?: string}
}
const columns: readonly Column<Row>[] = [
  {header: 'NAME', value: ({name}) => name},
  {header: 'MEMBER COUNT', value: ({members}) => (members === null ? '?' : String(members)), align: 'right'},
]
const rows: readonly Row[] = [
  {name: 'n10', members: 9, meta: {at: 'b'}},
  {name: 'n9', members: null},
  {name: 'a', members: 100, meta: {at: 'a'}},
  {name: 'b', members: 9},
]
const sortedBy = async (by: string | undefined, options = {}) =>
  (await sorterOf(by, columns, options))(rows).map(({name}) => name)

describe('rows', () => {
  test.each([
    [undefined, ['n10', 'n9', 'a', 'b']],
    ['name', ['a', 'b', 'n9', 'n10']],
    ['NAME', ['a', 'b', 'n9', 'n10']],
    // Counts the largest first, what is not known last, equal ones as they were.
    ['member-count', ['a', 'n10', 'b', 'n9']],
    ['MEMBER COUNT', ['a', 'n10', 'b', 'n9']],
    // Paths go upwards, as kubectl's.
    ['.members', ['n10', 'b', 'a', 'n9']],
    ['{.meta.at}', ['a', 'n10', 'n9', 'b']],
    ['meta.at', ['a', 'n10', 'n9', 'b']],
  ])('by %s', async (by, names) => {
    expect(await sortedBy(by)).toEqual(names)
  })

  test('have the order of a column that has its own, and are looked for in what the document has', async () => {
    const backwards = {orders: {name: (all: readonly Row[]) => all.toReversed()}}
    expect(await sortedBy('name', backwards)).toEqual(['b', 'a', 'n9', 'n10'])
    expect(await sortedBy('.status.name', {itemOf: ({name}: Row) => ({status: {name}})})).toEqual(['a', 'b', 'n9', 'n10'])
  })

  test('are not sorted by what is not there, and the columns are named', async () => {
    await expect(sortedBy('membr-count')).rejects.toMatchObject({
      message: '--sort-by membr-count: there is no such column',
      steps: ['Did you mean member-count?', 'Choose one of name, member-count, or give a path into an item: --sort-by .name'],
    })
    await expect(sortedBy('.nothing')).rejects.toThrow('--sort-by .nothing: no item has such a field')
    await expect(sortedBy('{.name')).rejects.toThrow('is no JSONPath')
  })

  test('there may be none', async () => {
    expect((await sorterOf('.nothing', columns))([])).toEqual([])
  })
})

test.each([
  ['NEW CONNS', 'new-conns'],
  ['NEW CONNS/S', 'new-conns'],
  ['FNV-1A', 'fnv-1a'],
])('the column %s is called %s', (header, key) => {
  expect(columnKey({header})).toBe(key)
})
