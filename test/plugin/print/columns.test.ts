import {expect, test} from 'vitest'
import {columns} from '../../../plugin/print/columns.ts'
import {painter} from '../../../plugin/print/paint.ts'

const plain = painter(false)

/** What stands in front of the second column is ten places wide on a terminal, whatever the first cell is. */
test.each([
  {what: 'letters', first: 'web', shown: 'web       '},
  {what: 'Chinese, two places for each character', first: '面包店', shown: '面包店    '},
  {what: 'an emoji', first: '🍞', shown: '🍞        '},
  {what: 'a letter with an accent of its own', first: 'cafe\u0301', shown: 'cafe\u0301      '},
  {what: 'controls, which are spelt out', first: '\u001b[2J', shown: '\\x1b[2J   '},
])('the second column stands under its header behind $what', ({first, shown}) => {
  const spec = [
    {header: 'SEVENED', value: ([cell]: readonly [string, string]) => cell},
    {header: 'NEXT', value: ([, cell]: readonly [string, string]) => cell},
  ]
  expect([...columns([[first, 'x']], spec, plain)]).toEqual(['SEVENED   NEXT', `${shown}x`])
})

test('a cell of a megabyte is cut, and the character at the cut is whole', () => {
  const spec = [
    {header: 'NAME', value: (cell: string) => cell},
    {header: 'NEXT', value: () => 'next'},
  ]
  const [, first, second] = [...columns([`x${'🍞'.repeat(500_000)}`, 'short'], spec, plain)]
  expect(first).toBe(`x${'🍞'.repeat(499)}…   next`)
  expect(second?.length).toBeLessThan(100)
})

test('a name as long as Kubernetes takes them is whole', () => {
  const name = `${'n'.repeat(63)}/${'p'.repeat(253)}`
  expect([...columns([name], [{header: 'NAME', value: (cell: string) => cell}], plain)]).toEqual(['NAME', name])
})
