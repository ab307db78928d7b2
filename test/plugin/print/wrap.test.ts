import {fc, test} from '@fast-check/vitest'
import {describe, expect} from 'vitest'
import {painter} from '../../../plugin/print/paint.ts'
import {linesFor, wrapLines} from '../../../plugin/print/wrap.ts'

const wrapped = (width: number, ...lines: readonly string[]): string[] => [...wrapLines(lines, width)]
const plain = (text: string): string => text.replaceAll(/\u001b\[\d+m/g, '')

describe('lines for a narrow screen', () => {
  test.each<{name: string; line: string; rows: string[]}>([
    {name: 'a short line as it is', line: '  one two', rows: ['  one two']},
    {
      name: 'a sentence, a little further in',
      line: '  rule 9 of AZURE-NPM-INGRESS on node aks-1 drops it',
      rows: ['  rule 9 of AZURE-NPM-INGRESS on node', '    aks-1 drops it'],
    },
    {
      name: 'what is numbered, behind its number',
      line: '  12. policy payments/pay is not enforced: no jump',
      rows: ['  12. policy payments/pay is not', '      enforced: no jump'],
    },
    {
      name: 'a rule, behind its columns',
      line: '  1        0  allow tcp/80 from pods app=web in shop',
      rows: ['  1        0  allow tcp/80 from pods', '              app=web in shop'],
    },
    {
      name: 'a name that is too long alone, whole',
      line: 'set podlabel-kubernetes.io/a-very-long-label-of-somebody here',
      rows: ['set', '  podlabel-kubernetes.io/a-very-long-label-of-somebody', '  here'],
    },
    {
      name: 'a row of a table, whole',
      line: 'bakery      closed      Ingress        5     2/2   in force',
      rows: ['bakery      closed      Ingress        5     2/2   in force'],
    },
  ])('have $name', ({line, rows}) => {
    expect(wrapped(40, line)).toEqual(rows)
  })

  test('begin each row with the styles of the one before, and end them with it', () => {
    const [first, second, ...others] = wrapped(40, painter(true)('a sentence in red that goes on and on to the end', 'red'))
    expect(others).toEqual([])
    expect(first).toBe('\u001b[31ma sentence in red that goes on and on to\u001b[39m')
    expect(second).toBe('  \u001b[31mthe end\u001b[39m')
  })

  const word = fc.stringMatching(/^[a-z0-9./:=-]{1,50}$/)
  const style = fc.constantFrom('red', 'green', 'bold', 'dim', undefined)
  const pieces = fc.array(fc.tuple(fc.array(word, {minLength: 1, maxLength: 6}), style), {minLength: 1, maxLength: 6})

  test.prop([pieces, fc.nat({max: 12}), fc.integer({min: 40, max: 80})])(
    'have every word whole and in order, and no row that is longer for want of a break',
    (parts, indent, width) => {
      const paint = painter(true)
      const line = ' '.repeat(indent) + parts.map(([words, of]) => paint(words.join(' '), of)).join(' ')
      const rows = wrapped(width, line)
      expect(rows.map(plain).join(' ').trim().split(/ +/)).toEqual(plain(line).trim().split(/ +/))
      for (const row of rows.map(plain)) if (row.length > width) expect(row.trim()).not.toContain(' ')
      // What is opened in a row is closed in it.
      for (const row of rows) expect(row.match(/\u001b\[(?:1|2|31|32)m/g)?.length).toBe(row.match(/\u001b\[(?:22|39)m/g)?.length)
    },
  )

  test('are as they are for whatever is no screen', () => {
    const lines = ['a long line that a script reads in one piece and wants to read so']
    expect(linesFor({}, lines)).toBe(lines)
    expect(linesFor({isTTY: true}, lines)).toBe(lines)
    expect([...linesFor({isTTY: true, columns: 40}, lines)]).toHaveLength(2)
  })
})
