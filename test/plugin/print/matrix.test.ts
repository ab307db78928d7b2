import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import type {Probe} from '../../../core/contract/matrix.ts'
import {csvField, markdownCell, matrixCsv, matrixMarkdown, matrixTable} from '../../../plugin/print/matrix.ts'
import {painter} from '../../../plugin/print/paint.ts'

const plain = painter(false)
const probesOf = (ends: readonly string[]): Probe[] =>
  ends.flatMap(source => ends.map(destination => ({source, destination, protocol: 'tcp', port: 80, verdict: 'drop'}) as const))

/** Reads CSV as RFC 4180 says, character by character. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [[]]
  let field = ''
  let isQuoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string
    if (isQuoted && character === '"' && text[at + 1] === '"') {
      field += '"'
      at++
    } else if (character === '"') isQuoted = !isQuoted
    else if (isQuoted || (character !== ',' && character !== '\n')) field += character
    else {
      rows.at(-1)?.push(field)
      field = ''
      if (character === '\n') rows.push([])
    }
  }
  rows.at(-1)?.push(field)
  return rows
}

/** Reads one row of a table as GitHub's Markdown does: cells end at a bar without a back slash, which takes the mark from what follows. */
const readMarkdownRow = (line: string): string[] =>
  line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map(cell =>
      cell
        .trim()
        .replaceAll(/\\([!-/:-@[-`{-~])/g, '$1')
        .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code))),
    )

const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '=',
        '+',
        '-',
        '@',
        '\t',
        '\r',
        '\n',
        '"',
        "'",
        ',',
        ';',
        '|',
        '<',
        '>',
        '&',
        '\\',
        '`',
        '*',
        '_',
        '[',
        ']',
        ' ',
      ),
      fc.constantFrom(
        'HYPERLINK("http://evil")',
        'SUM(1)',
        '<img src=x>',
        'https://evil',
        'www.evil.example',
        '＝',
        'shop/web-0',
        '&lt;',
      ),
      fc.string({unit: 'grapheme', maxLength: 4}),
    ),
    {minLength: 1, maxLength: 8},
  )
  .map(parts => parts.join(''))

describe('CSV', () => {
  propertyTest.prop([fc.uniqueArray(hostile, {minLength: 1, maxLength: 4})])(
    'read by anybody gives the names back, and no field is a formula',
    ends => {
      const [head, ...rows] = readCsv([...matrixCsv(probesOf(ends), ends, plain)].join('\n'))
      expect(head).toEqual(['source', 'destination', 'protocol', 'port', 'verdict', 'expected'])
      expect(rows).toHaveLength(ends.length ** 2)
      for (const [index, row] of rows.entries()) {
        expect(row).toHaveLength(6)
        for (const field of row) expect(field).not.toMatch(/^\s*[=+\-@\t\r\n＝＋－＠]/)
        const names = [ends[Math.floor(index / ends.length)], ends[index % ends.length]].map(end => plain(end as string))
        expect(row.slice(0, 2).map((field, at) => (field === `'${names[at]}` ? names[at] : field))).toEqual(names)
      }
    },
  )

  test.each([
    {text: 'shop/web-0', field: 'shop/web-0'},
    {text: '=HYPERLINK("http://x","y")', field: '"\'=HYPERLINK(""http://x"",""y"")"'},
    {text: '@SUM(1)', field: '"\'@SUM(1)"'},
    {text: ' -1', field: '"\' -1"'},
    {text: 'a;=1', field: '"a;=1"'},
  ])('$text is $field', ({text, field}) => {
    expect(csvField(text)).toBe(field)
  })
})

describe('Markdown', () => {
  propertyTest.prop([fc.uniqueArray(hostile, {minLength: 1, maxLength: 4})])(
    'gives the names back, as text and nothing else',
    ends => {
      const [, , head, , ...rows] = [...matrixMarkdown(probesOf(ends), ends, ['80/tcp'], plain)]
      const names = ends.map(end => plain(end))
      for (const line of [head, ...rows]) expect(line).not.toMatch(/[<>@\n]|&(?!#\d+;)|:\/\/|www\./)
      expect(rows).toHaveLength(ends.length)
      expect(
        readMarkdownRow(head as string)
          .slice(1)
          .map(text => text.trim()),
      ).toEqual(names.map(text => text.trim()))
      expect(rows.map(row => readMarkdownRow(row)[0]?.trim())).toEqual(names.map(text => text.trim()))
      for (const row of rows) expect(readMarkdownRow(row)).toHaveLength(ends.length + 1)
    },
  )

  test('leaves names as Kubernetes has them as they are', () => {
    expect(markdownCell('shop/web-0.db_1')).toBe('shop/web-0.db_1')
  })
})

test('a name of a megabyte widens no other row, and fills none', () => {
  const ends = ['shop/web', `shop/${'x'.repeat(1_000_000)}`, ...Array.from({length: 30}, (_, index) => `shop/p${index}`)]
  for (const lines of [
    matrixTable(probesOf(ends), ends, ['80/tcp'], plain),
    matrixMarkdown(probesOf(ends), ends, ['80/tcp'], plain),
  ])
    expect([...lines].join('\n').length).toBeLessThan(60_000)
})
