import {fc, test} from '@fast-check/vitest'
import {describe, expect} from 'vitest'
import {Bits} from '../../../core/packets/bits.ts'

const numbers = fc.array(fc.oneof(fc.nat(40), fc.nat(400)), {maxLength: 20})
const sorted = (those: Iterable<number>): number[] => [...new Set(those)].toSorted((a, b) => a - b)

describe('sets of numbers as bits', () => {
  test.prop([numbers])('hold what they are made of, in order', given => {
    const bits = Bits.of(given)
    const expected = sorted(given)
    expect([...bits]).toEqual(expected)
    expect(bits.size).toBe(expected.length)
    expect(bits.first).toBe(expected[0])
    expect(bits.isEmpty).toBe(expected.length === 0)
    for (let number = 0; number < 410; number++) expect(bits.has(number)).toBe(expected.includes(number))
  })

  test.prop([numbers, numbers])('are joined, intersected and subtracted as sets are', (some, others) => {
    const [one, other] = [Bits.of(some), Bits.of(others)]
    expect([...one.or(other)]).toEqual(sorted([...some, ...others]))
    expect([...one.and(other)]).toEqual(sorted(some.filter(number => others.includes(number))))
    expect([...one.without(other)]).toEqual(sorted(some.filter(number => !others.includes(number))))
    expect(one.meets(other)).toBe(some.some(number => others.includes(number)))
    expect(one.equals(other)).toBe(sorted(some).join() === sorted(others).join())
    // Neither was changed.
    expect([...one]).toEqual(sorted(some))
    expect([...other]).toEqual(sorted(others))
  })

  test.prop([numbers, numbers, numbers])('with the same numbers are equal however they came about', (a, b, c) => {
    const [x, y, z] = [Bits.of(a), Bits.of(b), Bits.of(c)]
    expect(
      x
        .or(y)
        .without(z)
        .equals(x.without(z).or(y.without(z))),
    ).toBe(true)
    expect(x.and(y).or(x.without(y)).equals(x)).toBe(true)
  })

  test.each([0, 1, 31, 32, 33, 64, 100])('below %i are all from 0 on', count => {
    expect([...Bits.below(count)]).toEqual(Array.from({length: count}, (_, index) => index))
  })
})
