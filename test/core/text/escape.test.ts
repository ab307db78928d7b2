import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import {escapeControls, escapeJson, hasControls} from '../../../core/text/escape.ts'

test.each<{text: string; shown: string}>([
  {text: 'shop/db', shown: 'shop/db'},
  {text: 'Br\u00f6tchen \u{1f956}', shown: 'Br\u00f6tchen \u{1f956}'},
  {text: '\u001b[2J', shown: '\\x1b[2J'},
  {text: '\u001b]0;title\u0007', shown: '\\x1b]0;title\\x07'},
  {text: 'a\r\nb\tc\0', shown: 'a\\x0d\\x0ab\\x09c\\x00'},
  {text: '\u007f\u009b31m', shown: '\\x7f\\x9b31m'},
  {text: 'abc\u202edcba', shown: 'abc\\u202edcba'},
  {text: 'a\u200bb\u2060c\ufeffd', shown: 'a\\u200bb\\u2060c\\ufeffd'},
  {text: 'a\u2028b\u2029c', shown: 'a\\u2028b\\u2029c'},
  {text: 'a\u00adb\u180ec\u206ad', shown: 'a\\xadb\\u180ec\\u206ad'},
  {text: 'a\u{e0041}b\u{e007f}', shown: 'a\\u{e0041}b\\u{e007f}'},
  {text: 'a\u115fb\u3164c\uffa0d\u2800e', shown: 'a\\u115fb\\u3164c\\uffa0d\\u2800e'},
  {text: '\ufff9a\ufffab\ufffb \u{1d173}', shown: '\\ufff9a\\ufffab\\ufffb \\u{1d173}'},
  {text: 'A\ufe0f\u{e0100}\u034f', shown: 'A\\ufe0f\\u{e0100}\\u034f'},
  {text: '\ud800x', shown: '\\ud800x'},
  {text: 'स्त्री សួស្តី ပြည် السَّلام こんにちは', shown: 'स्त्री សួស្តី ပြည် السَّلام こんにちは'},
])('$text is shown as $shown', ({text, shown}) => {
  expect(escapeControls(text)).toBe(shown)
})

/** Every character of these kinds: controls, separators of lines and paragraphs, what changes the direction of text. */
const MOVING = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u
/** What programs may draw as nothing, in words of the Unicode standard and by name: they can hide text or make two names look the same. */
const HIDDEN = /[\p{Default_Ignorable_Code_Point}]/u
const INVISIBLE = ['\u200b', '\u200c', '\u200d', '\u2060', '\u2064', '\ufeff', '\ufffb', '\u2800', '\u{1d159}', '\u{e0001}']

describe('every character that can move a cursor, or is not seen', () => {
  const all = Array.from({length: 0x110000}, (_, code) => code)
    .filter(code => code < 0xd800 || code > 0xdfff)
    .map(code => String.fromCodePoint(code))
  const dangerous = [...all.filter(character => MOVING.test(character) || HIDDEN.test(character)), ...INVISIBLE]

  test('is escaped, alone and among others', () => {
    expect(dangerous.length).toBeGreaterThan(4000)
    expect(dangerous.filter(character => escapeControls(character) === character)).toEqual([])
    expect(MOVING.test(escapeControls(dangerous.join('x')))).toBe(false)
    expect(HIDDEN.test(escapeControls(dangerous.join('x')))).toBe(false)
    expect(escapeJson(JSON.stringify(dangerous.join('x')))).toMatch(/^[ -~]*$/)
    expect(JSON.parse(escapeJson(JSON.stringify(dangerous)))).toEqual(dangerous)
    expect(dangerous.filter(character => character !== '\n' && !hasControls(`a${character}\n`))).toEqual([])
  })

  test('and no other is, or its text would be hard to read', () => {
    const kept = all.filter(
      character => /[\p{L}\p{N}\p{P}\p{S}\p{M}]| /u.test(character) && !HIDDEN.test(character) && !INVISIBLE.includes(character),
    )
    expect(kept.length).toBeGreaterThan(100_000)
    expect(kept.filter(character => escapeControls(character) !== character)).toEqual([])
  })
})

const nasty = fc.oneof(
  fc.string({unit: 'binary', maxLength: 40}),
  fc
    .array(fc.constantFrom('\u001b', '\u009b', '\n', '\r', '\u202e', '\u2066', '\u2028', '\u007f', '"', '\\', 'x'), {
      maxLength: 20,
    })
    .map(parts => parts.join('')),
)

propertyTest.prop([nasty])('nothing that can move a cursor survives in text, and escaping twice changes nothing', text => {
  const shown = escapeControls(text)
  expect(MOVING.test(shown)).toBe(false)
  expect(HIDDEN.test(shown)).toBe(false)
  expect(hasControls(shown)).toBe(false)
  expect(escapeControls(shown)).toBe(shown)
})

const json = fc.letrec(tie => ({
  value: fc.oneof(
    {maxDepth: 4},
    nasty,
    fc.double({noNaN: true, noDefaultInfinity: true}),
    fc.boolean(),
    fc.constant(null),
    tie('list'),
    tie('map'),
  ),
  list: fc.array(tie('value'), {maxLength: 4}),
  map: fc.dictionary(nasty, tie('value'), {maxKeys: 4}),
})).value

propertyTest.prop([json, fc.constantFrom(undefined, 2)])(
  'JSON keeps its value and its lines, and nothing else that can move a cursor',
  (value, indent) => {
    const printed = JSON.stringify(value, undefined, indent)
    const escaped = escapeJson(printed)
    expect(JSON.parse(escaped)).toEqual(JSON.parse(printed))
    expect(MOVING.test(escaped.replaceAll('\n', ''))).toBe(false)
    expect(hasControls(escaped)).toBe(false)
    expect(escaped.split('\n').length).toBe(printed.split('\n').length)
  },
)

test.each<{text: string; has: boolean}>([
  {text: '', has: false},
  {text: 'a\nb\n', has: false},
  {text: 'a\tb', has: true},
  {text: 'a\r\n', has: true},
  {text: '\u202e', has: true},
])('$text: has controls: $has, however often it is asked', ({text, has}) => {
  for (let times = 0; times < 3; times++) expect(hasControls(text)).toBe(has)
})
