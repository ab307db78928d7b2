import {expect, test} from 'vitest'
import {LineBudget} from '../../../agent/limits/line-budget.ts'

test('lines that clients cause are a few at once, then few a second, and each says how many were left out before it', () => {
  let now = 0
  const budget = new LineBudget(2, 0.1, () => now)
  expect([budget.take(), budget.take()]).toEqual([{}, {}])
  for (let line = 0; line < 1000; line++) expect(budget.take()).toBeUndefined()
  budget.leaveOut()
  now += 9999
  expect(budget.take()).toBeUndefined()
  now += 1
  expect(budget.take()).toEqual({notLogged: 1002})
  now += 10_000
  expect(budget.take()).toEqual({})
})
