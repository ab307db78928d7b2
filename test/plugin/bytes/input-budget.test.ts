import {describe, expect, test} from 'vitest'
import {InputBudget, InputLimitError, type InputLimits, inputLimits} from '../../../plugin/bytes/input-budget.ts'

const MIB = 1024 ** 2
const limits: InputLimits = {bytes: 3 * MIB, entries: 3, ratio: 10, ratioFloorBytes: 100}

/** How often something may be done. */
function times(act: () => void): number {
  for (let count = 0; count < 1000; count++)
    try {
      act()
    } catch (error) {
      if (error instanceof InputLimitError) return count
      throw error
    }
  return Number.POSITIVE_INFINITY
}

describe('a budget', () => {
  test('ends with the last byte and the last entry that are allowed', () => {
    const budget = new InputBudget('files', limits)
    expect(times(() => budget.takeBytes(MIB, 'a'))).toBe(3)
    expect(times(() => budget.takeEntry('a'))).toBe(3)
  })

  test.each([
    {sizeBytes: 100, packedBytes: 1, isRefused: false},
    {sizeBytes: 101, packedBytes: 10, isRefused: true},
    {sizeBytes: 1000, packedBytes: 100, isRefused: false},
    {sizeBytes: 1001, packedBytes: 100, isRefused: true},
  ])('$packedBytes bytes that became $sizeBytes: refused is $isRefused', ({sizeBytes, packedBytes, isRefused}) => {
    expect(times(() => new InputBudget('files', limits).checkRatio(sizeBytes, packedBytes, 'a')) === 0).toBe(isRefused)
  })

  test.each([
    {source: 'files', next: /NODE_OPTIONS=--max-old-space-size/},
    {source: 'agents', next: /^Choose fewer nodes with --node/},
  ] as const)('says which input of $source is too much, and what to do', ({source, next}) => {
    const budget = new InputBudget(source, limits)
    const error = (() => {
      try {
        budget.takeBytes(4 * MIB, 'n1/ipset-save.txt')
      } catch (thrown) {
        return thrown
      }
    })()
    expect(error).toMatchObject({
      message: "n1/ipset-save.txt: with it the inputs have more than 3 MiB, the limit for this machine's memory",
      next: expect.stringMatching(next),
    })
  })
})

test('with the heap that Node takes by itself, a save of 800 MB and its sets of 350 MB pass', () => {
  expect(inputLimits(4192 * MIB).bytes).toBeGreaterThan(1_150_000_000)
})

test('a cluster of 5,000 nodes with twelve files each passes', () => {
  expect(inputLimits().entries).toBeGreaterThan(5000 * 13 + 10)
})

test('the limit follows the heap', () => {
  expect(inputLimits(400 * MIB).bytes).toBe(200 * MIB)
})
