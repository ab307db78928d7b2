import {expect, test} from 'vitest'
import {type Answer, answerLines} from '../../../plugin/print/answer.ts'
import {painter} from '../../../plugin/print/paint.ts'

const answer: Answer = {
  document: () => ({kind: 'Answer', items: ['a']}),
  table: paint => [paint('table')],
  formats: {wide: () => ['wide']},
}

test.each([
  {format: 'table', lines: ['table']},
  {format: 'wide', lines: ['wide']},
  {format: 'json', lines: ['{', '  "kind": "Answer",', '  "items": [\n    "a"\n  ]', '}']},
  {format: 'yaml', lines: ['kind: Answer', 'items:\n  - a']},
  // What a verb has no other form for.
  {format: 'csv', lines: ['table']},
])('$format', async ({format, lines}) => {
  expect([...(await answerLines(answer, format, painter(false)))]).toEqual(lines)
})

test('a document is made for the formats that print it only', async () => {
  const document = () => {
    throw new Error('made')
  }
  await expect(answerLines({...answer, document}, 'table', painter(false))).resolves.toEqual(['table'])
  await expect(answerLines({...answer, document}, 'json', painter(false)).then(lines => [...lines])).rejects.toThrow('made')
})
