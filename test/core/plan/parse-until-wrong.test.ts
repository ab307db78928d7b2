import {expect, test} from 'vitest'
import {z} from 'zod'
import {parseUntilWrong} from '../../../core/plan/parse-until-wrong.ts'

const schema = z.object({
  items: z.array(z.object({name: z.string(), ports: z.array(z.number()).exactOptional()})),
  notes: z.array(z.string()).exactOptional(),
})
const good = {items: [{name: 'a', ports: [1, 2]}, {name: 'b'}], notes: ['n']}

test('what is right is parsed', () => {
  expect(parseUntilWrong(schema, {...good, other: 1})).toEqual({success: true, data: good})
})

test.each([
  {value: {items: [{name: 'a'}, {name: 1}]}, path: ['items', 1, 'name']},
  {value: {items: [{name: 'a', ports: [1, '2']}]}, path: ['items', 0, 'ports', 1]},
  {value: {...good, notes: [1]}, path: ['notes', 0]},
  {value: {notes: []}, path: ['items']},
  {value: null, path: []},
])('the first thing that is wrong is told: $path', ({value, path}) => {
  expect(parseUntilWrong(schema, value)).toMatchObject({success: false, path})
})

test('no other element is looked at, in no list', () => {
  let looked = 0
  const counted = z.string().check(() => void looked++)
  const lists = z.object({a: z.array(z.object({b: z.array(counted).exactOptional()}))})
  const list = [0, ...Array.from({length: 1000}, () => '')]
  expect(parseUntilWrong(lists, {a: [{b: list}, {b: list}]})).toMatchObject({success: false, path: ['a', 0, 'b', 0]})
  expect(looked).toBe(0)
})
