import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import {parseJsonDocuments} from '../../../core/dump/json-documents.ts'

/** Objects and lists, as documents are; texts in them look like what stands between documents. */
const value = fc.oneof(
  fc.dictionary(fc.string(), fc.jsonValue()),
  fc.array(fc.jsonValue()),
  fc.record({note: fc.constantFrom('}{', '\\"', '---\n', '\\', '"}', '==== START logs for container ')}),
)
const separator = fc.constantFrom('', '\n', '\r\n', ' ', ',\n', '\u001e', '\ufeff')

propertyTest.prop([fc.array(value, {minLength: 1, maxLength: 5}), fc.array(separator), fc.boolean(), fc.nat()])(
  'documents that stand one after the other are all read, and cutting the last one costs only it',
  (values, separators, isPretty, cut) => {
    const texts = values.map(each => JSON.stringify(each, undefined, isPretty ? 1 : 0))
    const joined = texts.map((text, index) => text + (separators[index] ?? '\n'))
    const parsed = JSON.parse(JSON.stringify(values)) as unknown[]
    const whole = joined.join('')
    const {spans, ...others} = parseJsonDocuments([whole])
    expect(others).toEqual({values: parsed, faults: []})
    expect(spans.map(([start, end]) => JSON.parse(whole.slice(start, end)) as unknown)).toEqual(parsed)

    const last = texts.at(-1) as string
    const rest = last.slice(0, 1 + (cut % (last.length - 1)))
    const {values: read, faults} = parseJsonDocuments([joined.slice(0, -1).join('') + rest])
    expect(read).toEqual(parsed.slice(0, -1))
    expect(faults).toMatchObject([{isCut: true}])
  },
)

describe('what belongs to no document', () => {
  test.each([
    {what: 'a closing word', text: '{"a": 1}\nCluster info dumped to standard output\n', line: 2},
    {
      what: 'an error of kubectl between documents',
      text: '{"a": 1}\nError from server (NotFound)\n{"a": 2}',
      line: 2,
      more: [{a: 2}],
    },
    {what: 'a word behind a document', text: '{"a": 1} done', line: 1, column: 10},
  ])('$what, is a fault at its place, and costs no document', ({text, line, column = 1, more = []}) => {
    const {values, faults} = parseJsonDocuments([text])
    expect(values).toEqual([{a: 1}, ...more])
    expect(faults).toMatchObject([{line, column, isCut: false, message: expect.stringContaining('belongs to no JSON document')}])
  })

  test('logs of pods, is passed over with the objects that a program printed there', () => {
    const logs =
      '==== START logs for container c of pod a/b ====\n{"kind": "Pod"}\n}]\n==== END logs for container c of pod a/b ====\n'
    expect(parseJsonDocuments([`{"a": 1}\n${logs}{"a": 2}\n${logs}`])).toMatchObject({values: [{a: 1}, {a: 2}], faults: []})
  })

  test('and begins with ---, is YAML, and its line is known', () => {
    expect(parseJsonDocuments(['{"a": 1}\n{"a": 2}\n---\na: 3\n'])).toMatchObject({
      values: [{a: 1}, {a: 2}],
      faults: [],
      yaml: {text: '---\na: 3\n', line: 3},
    })
  })
})

test('a document that is no JSON has its place in the file, and the others are read', () => {
  const {values, faults} = parseJsonDocuments(['{"a": 1}\n{\n  b: 1\n}\n{"a": 2}'])
  expect(values).toEqual([{a: 1}, {a: 2}])
  expect(faults).toMatchObject([{line: 3, isCut: false, message: expect.stringMatching(/^not valid JSON: /)}])
})
