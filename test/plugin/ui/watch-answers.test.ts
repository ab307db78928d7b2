import {expect, test} from 'vitest'
import {InputError} from '../../../core/problem/input-error.ts'
import {type ShownAnswer, watchAnswers} from '../../../plugin/ui/watch-answers.ts'

const answer = (text: string, told: readonly string[] = []): ShownAnswer => ({lines: [text], key: text, told})
const away = new InputError('node a: its agent is gone', 'Look for it.')

/** Follows answers, one for each question, until all are given. */
async function follow(answers: readonly (ShownAnswer | Error)[]) {
  const end = new AbortController()
  const shown: ShownAnswer[] = []
  let failures = 0
  let asked = 0
  const done = watchAnswers(
    {
      ask: async () => {
        const next = answers[asked++]
        if (next instanceof Error) throw next
        return next as ShownAnswer
      },
      show: async each => {
        shown.push(each)
        if (asked === answers.length) end.abort()
      },
      onFailure: async () => {
        failures++
      },
      pauseMs: 0,
    },
    end.signal,
  )
  return {shown, failures: await done.then(() => failures)}
}

test('asks until nobody watches any more, and shows each answer', async () => {
  const {shown} = await follow([answer('one'), answer('two'), answer('two')])
  expect(shown.map(({lines}) => lines[0])).toEqual(['one', 'two', 'two'])
})

test('what was known stays while it cannot be asked, with why, and is asked again', async () => {
  const {shown, failures} = await follow([answer('one'), away, answer('two')])
  expect(shown).toEqual([answer('one'), answer('one', ['error: node a: its agent is gone', '  Look for it.']), answer('two')])
  expect(failures).toBe(1)
})

test('without a first answer there is nothing to watch', async () => {
  await expect(follow([away])).rejects.toBe(away)
})

test('a fault of our own ends it', async () => {
  await expect(follow([answer('one'), new TypeError('a bug')])).rejects.toThrow('a bug')
})
