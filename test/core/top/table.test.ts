import {fc, test} from '@fast-check/vitest'
import {describe, expect, test as plain} from 'vitest'
import {parseFilter} from '../../../core/top/filter.ts'
import {type Row, sortRows, type TopTable} from '../../../core/top/table.ts'

const row = (key: string, drops: number | null): Row => ({
  key,
  cells: [{text: key}, {text: String(drops), value: drops}, () => [1, 2]],
  details: [],
  document: () => key,
})

const table = (rows: readonly Row[]): TopTable => ({
  about: [],
  columns: [
    {key: 'name', header: 'NAME', least: 4, rank: 0, grows: true},
    {key: 'drops', header: 'DROPS/S', least: 7, rank: 0, isDescending: true},
    {key: 'history', header: 'LAST MINUTE', least: 8, rank: 1},
  ],
  rows,
  sortedBy: 'drops',
  empty: [],
})

const keys = (rows: readonly Row[]): string[] => rows.map(({key}) => key)

describe('rows in order', () => {
  const rows = [row('c', 0), row('a', null), row('b', 7), row('d', 7)]

  plain('most drops first, equal ones by name, unknown ones last', () => {
    expect(keys(sortRows(table(rows), undefined))).toEqual(['b', 'd', 'c', 'a'])
  })
  plain('turned round, unknown ones are still last', () => {
    expect(keys(sortRows(table(rows), {column: 'drops', isReversed: true}))).toEqual(['c', 'b', 'd', 'a'])
  })
  plain('names from the first letter on', () => {
    expect(keys(sortRows(table(rows), {column: 'name', isReversed: false}))).toEqual(['a', 'b', 'c', 'd'])
  })
  test.prop([fc.uniqueArray(fc.tuple(fc.string(), fc.option(fc.nat(5))), {selector: ([key]) => key})])(
    'depends on the rows, not on the order in which they came',
    pairs => {
      const made = pairs.map(([key, drops]) => row(key, drops))
      expect(keys(sortRows(table(made), undefined))).toEqual(keys(sortRows(table(made.toReversed()), undefined)))
    },
  )
})

describe('a filter', () => {
  const rows = [row('shop/web', 1), row('shop/db', 20), row('kube-system/dns', 0)]
  plain.each([
    ['', ['shop/web', 'shop/db', 'kube-system/dns']],
    ['SHOP', ['shop/web', 'shop/db']],
    ['!shop', ['kube-system/dns']],
    ['!', ['shop/web', 'shop/db', 'kube-system/dns']],
    ['20', ['shop/db']],
    ['/web|dns/', ['shop/web', 'kube-system/dns']],
    ['/^shop.b/', []],
    ['/b$/', ['shop/web', 'shop/db']],
    ['/^shop.*d', ['shop/db']],
    ['!/web|dns/', ['shop/db']],
  ])('%s', (text, left) => {
    const {keeps, problem} = parseFilter(text)
    expect(keys(rows.filter(keeps))).toEqual(left)
    expect(problem).toBeUndefined()
  })
  plain('that is no expression keeps all and says so', () => {
    const {keeps, problem} = parseFilter('/we(b/')
    expect(rows.filter(keeps)).toHaveLength(3)
    expect(problem).toContain('"we(b" is no regular expression')
  })
})
