import {describe, expect, test} from 'vitest'
import {meant, nearest} from '../../../core/text/nearest.ts'

const WORDS = ['policies', 'translate', 'trace', 'top', 'diff', 'type', 'jump']

describe('the word that was meant', () => {
  test.each([
    ['trnslate', 'translate'],
    ['traec', 'trace'],
    ['pol', 'policies'],
    ['dif', 'diff'],
    ['tpo', 'top'],
    ['tr', undefined],
    // Half of the letters are others.
    ['name', undefined],
    ['nope', undefined],
    ['dump', 'jump'],
    ['frobnicate', undefined],
    ['', undefined],
  ])('%j: %j', (typed, word) => {
    expect(nearest(typed, WORDS)).toBe(word)
  })

  test('nothing is asked where no word is near', () => {
    expect(meant('xyz', WORDS)).toEqual([])
    expect(meant('dif', WORDS)).toEqual(['Did you mean diff?'])
  })
})
