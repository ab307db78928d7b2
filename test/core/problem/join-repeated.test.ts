import {expect, test} from 'vitest'
import type {Problem} from '../../../core/problem/problem.ts'
import {joinRepeated} from '../../../core/problem/problem-list.ts'

const problem = (file: string | undefined, message = 'm', line = 1): Problem => ({
  code: 'FOREIGN_OBJECT',
  message,
  next: 'n',
  line,
  ...(file !== undefined && {file}),
})

test('problems of many files that say the same become few, and the number of the others', () => {
  const all = Array.from({length: 12}, (_, index) => problem(`${index}`))
  const joined = joinRepeated(all)
  expect(joined.slice(0, 5)).toEqual(all.slice(0, 5))
  expect(joined.slice(5)).toMatchObject([{message: 'the same in 7 more files: m'}])
})

test('others stay: of one file, of none, and those that say something else', () => {
  const all = [
    ...Array.from({length: 12}, (_, line) => problem('a', 'm', line)),
    ...Array.from({length: 12}, () => problem(undefined)),
    ...Array.from({length: 12}, (_, index) => problem(`${index}`, `${index}`)),
  ]
  expect(joinRepeated(all)).toEqual(all)
})
