import {fc, test} from '@fast-check/vitest'
import {expect} from 'vitest'
import {largestLeftOut} from '../../../core/policy/largest-left-out.ts'

const policies = fc.uniqueArray(fc.record({policy: fc.stringMatching(/^[a-c]\/[a-z]{1,3}$/), rules: fc.nat(20)}), {
  selector: ({policy}) => policy,
  maxLength: 12,
})
const sum = (given: Iterable<{rules: number}>): number => [...given].reduce((total, {rules}) => total + rules, 0)

test.prop([policies, fc.nat(100)])('the largest policies are left out, and no more of them than needed', (given, most) => {
  const leftOut = largestLeftOut(given, most)
  const kept = given.filter(policy => !leftOut.has(policy))
  expect(sum(kept)).toBeLessThanOrEqual(most)
  const largestKept = Math.max(0, ...kept.map(({rules}) => rules))
  for (const {rules} of leftOut) expect(rules).toBeGreaterThanOrEqual(largestKept)
  const smallest = [...leftOut].toSorted((a, b) => a.rules - b.rules)[0]
  if (smallest) expect(sum(kept) + smallest.rules).toBeGreaterThan(most)
})

test.prop([policies, fc.nat(100)])('the order in which policies are listed does not matter', (given, most) => {
  const names = (list: typeof given) => [...largestLeftOut(list, most)].map(({policy}) => policy).toSorted()
  expect(names(given.toReversed())).toEqual(names(given))
})
