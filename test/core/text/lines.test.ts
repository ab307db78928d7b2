import {fc, test as propertyTest} from '@fast-check/vitest'
import {expect, test} from 'vitest'
import {decodeText, PIECE_BYTES as PIECE, TextDecoding} from '../../../core/text/decode.ts'
import {eachLine, shownLine, type Text} from '../../../core/text/lines.ts'

function linesOf(text: Text): {line: number; text: string}[] {
  const lines: {line: number; text: string}[] = []
  eachLine(text, (piece, start, end, line) => lines.push({line, text: piece.slice(start, end)}))
  return lines
}
const texts = (text: Text): string[] => linesOf(text).map(({text: each}) => each)

test.each<{what: string; text: Text; lines: string[]}>([
  {what: 'no piece has no line', text: [], lines: []},
  {what: 'an empty piece has no line', text: [''], lines: []},
  {what: 'a line feed alone is one empty line', text: ['\n'], lines: ['']},
  {what: 'a last line needs no line feed', text: ['a\nb'], lines: ['a', 'b']},
  {what: 'nothing behind the last line feed is no line', text: ['a\n'], lines: ['a']},
  {what: 'carriage returns before a line feed belong to it', text: ['a\r\nb\r\r\n\r\nc\r'], lines: ['a', 'b', '', 'c']},
  {what: 'a carriage return within a line is a character', text: ['a\rb\n'], lines: ['a\rb']},
  {what: 'other separators of lines are characters', text: ['a\u2028b\u0085c\vd\n'], lines: ['a\u2028b\u0085c\vd']},
  {what: 'lines are counted over all pieces', text: ['a\nb\n', '', 'c\n', 'd'], lines: ['a', 'b', 'c', 'd']},
])('$what', ({text, lines}) => {
  expect(linesOf(text)).toEqual(lines.map((each, index) => ({line: index + 1, text: each})))
})

propertyTest.prop([fc.array(fc.oneof(fc.string(), fc.constantFrom('\n', '\r\n', '\r')))])(
  'lines are what splitting at line feeds gives, without the rest behind the last one',
  parts => {
    const text = parts.join('')
    const expected = text.split('\n').map(line => line.replace(/\r+$/, ''))
    if (text === '' || text.endsWith('\n')) expected.pop()
    expect(texts([text])).toEqual(expected)
  },
)

test.each<{length: number; shown: number}>([
  {length: 0, shown: 0},
  {length: 200, shown: 200},
  {length: 201, shown: 201},
  {length: 10_000, shown: 201},
])('a line of $length characters is shown with $shown', ({length, shown}) => {
  const line = 'x'.repeat(length)
  expect(shownLine(line).length).toBe(shown)
  expect(shownLine(line)).toBe(length > 200 ? `${line.slice(0, 200)}\u2026` : line)
})

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Decodes as a stream would give it: in chunks of the sizes that are named, then the rest. */
function decodeChunks(bytes: Uint8Array, sizes: readonly number[]): Text {
  const decoding = new TextDecoding()
  let at = 0
  for (const size of sizes) {
    decoding.push(bytes.slice(at, at + size))
    at += size
  }
  decoding.push(bytes.slice(at))
  return decoding.end()
}

test.each<{what: string; bytes: Uint8Array; text: string}>([
  {what: 'nothing', bytes: new Uint8Array(), text: ''},
  {what: 'characters of one to four bytes', bytes: encode('a\u00fc\u20ac\u{1f956}'), text: 'a\u00fc\u20ac\u{1f956}'},
  {what: 'a byte order mark, which is dropped', bytes: Uint8Array.of(0xef, 0xbb, 0xbf, 0x61), text: 'a'},
  {what: 'bytes that are no UTF-8', bytes: Uint8Array.of(0x61, 0xff, 0x62, 0xc3), text: 'a\ufffdb\ufffd'},
  {what: 'a character that ends too early', bytes: Uint8Array.of(0xf0, 0x9f, 0xa5, 0x0a, 0x61), text: '\ufffd\na'},
  {what: 'zero bytes', bytes: Uint8Array.of(0, 10, 0), text: '\0\n\0'},
])('$what: read alike at once and byte by byte', ({bytes, text}) => {
  expect(decodeText(bytes).join('')).toBe(text)
  expect(
    decodeChunks(
      bytes,
      Array.from(bytes, () => 1),
    ).join(''),
  ).toBe(text)
})

propertyTest.prop([fc.string({unit: 'binary', maxLength: 200}), fc.array(fc.integer({min: 1, max: 7}), {maxLength: 60})])(
  'a text in UTF-8 comes back whatever the chunks it arrives in',
  (text, sizes) => {
    // A text that starts with a byte order mark loses it, and halves of characters have no UTF-8.
    const whole = `x${text}`.replaceAll(/\p{Cs}/gu, '?')
    expect(decodeChunks(encode(whole), sizes).join('')).toBe(whole)
  },
)

test('a text longer than a piece is cut at line ends, and no character is lost at the borders', () => {
  const line = `${'\u{1f956}'.repeat(5_000)}\n`
  const bytes = encode(line.repeat(Math.ceil((2.5 * PIECE) / encode(line).length)))
  for (const text of [decodeText(bytes), decodeChunks(bytes, [PIECE - 1, 2, 3, PIECE + 1])]) {
    expect(text.length).toBeGreaterThan(1)
    expect(text.slice(0, -1).filter(piece => !piece.endsWith('\n'))).toEqual([])
    expect(new Set(texts(text))).toEqual(new Set([line.trimEnd()]))
    expect(encode(text.join('')).length).toBe(bytes.length)
  }
})

test('a line longer than a piece stays whole', () => {
  const text = `a\n${'x'.repeat(2 * PIECE)}\nb\n${'y'.repeat(PIECE)}`
  const bytes = encode(text)
  for (const decoded of [decodeText(bytes), decodeChunks(bytes, [1, PIECE, PIECE - 7, 100])]) {
    expect(texts(decoded).map(line => line.length)).toEqual([1, 2 * PIECE, 1, PIECE])
    expect(decoded.join('')).toBe(text)
  }
})

test('odd characters of one piece do not reach the others', () => {
  const bytes = encode(`\u20ac\n${'x'.repeat(PIECE)}\n\u20ac\n`)
  bytes[0] = 0xff
  expect(texts(decodeText(bytes)).map(line => line.slice(0, 3))).toEqual(['\ufffd\ufffd\ufffd', 'xxx', '\u20ac'])
})
