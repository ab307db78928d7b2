import {fc, test as propertyTest} from '@fast-check/vitest'
import {expect, test} from 'vitest'
import {decodeText, PIECE_BYTES, TextDecoding} from '../../../core/text/decode.ts'
import {type Encoded, encoded, encodings} from '../../support/encoded-text.ts'

const decoded = (bytes: Uint8Array, sizes: readonly number[] = []): string => {
  const decoding = new TextDecoding()
  let at = 0
  for (const size of sizes) {
    decoding.push(bytes.subarray(at, at + size))
    at += size
  }
  decoding.push(bytes.subarray(at))
  return decoding.end().join('')
}

/** A text whose first characters are those of the documents that are read. */
const document = fc
  .string({unit: 'grapheme'})
  .map(rest => `{"kind": "List", "note": ${JSON.stringify(rest.replaceAll('\ufeff', ''))}\n}\n`)

propertyTest.prop([fc.constantFrom(...encodings), document, fc.array(fc.nat(80))])(
  'a text is the same in every encoding, however its bytes come',
  (encoding, text, sizes) => {
    expect(decoded(encoded(text, encoding), sizes)).toBe(text)
  },
)

test.each<Encoded>(['utf-16le', 'utf-16be'])('a text of many pieces in %s is the same, and its pieces end at lines', encoding => {
  const text = '-A AZURE-NPM -m comment --comment "Mühle 水車" -j ACCEPT\n'.repeat(PIECE_BYTES / 40)
  const pieces = decodeText(encoded(text, encoding))
  expect(pieces.length).toBeGreaterThan(1)
  expect(pieces.every(piece => piece.endsWith('\n'))).toBe(true)
  expect(pieces.join('') === text).toBe(true)
})

test.each(['', 'a', 'ab', 'abc', '*filter\n'])('%j is the same with a mark, though it is short', text => {
  for (const encoding of encodings) if (!encoding.endsWith('without mark')) expect(decoded(encoded(text, encoding))).toBe(text)
})

test('zeros are no text of UTF-16', () => {
  expect(decoded(new Uint8Array(100))).toBe('\0'.repeat(100))
})
