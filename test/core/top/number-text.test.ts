import {expect, test} from 'vitest'
import {bytesText, durationText, plural, rateText, shortNumber, spanText} from '../../../core/top/number-text.ts'

test.each([
  [0, '0'],
  [0.01, '<0.1'],
  [0.1, '0.1'],
  [3, '3'],
  [9.96, '10'],
  [12.4, '12'],
  [9_999, '9999'],
  [9_999.6, '10k'],
  [34_400, '34k'],
  [999_400, '999k'],
  [999_600, '1.0M'],
  [1_230_000, '1.2M'],
])('%d is %s', (value, text) => expect(shortNumber(value)).toBe(text))

test('no number is longer than five characters, up to a thousand million million', () => {
  for (let value = 0.001; value < 1e15; value *= 1.37) expect(shortNumber(value).length).toBeLessThanOrEqual(5)
})

test('what is not known is a dash, and 0 is not', () => {
  expect([rateText(null), rateText(0), bytesText(null), bytesText(0), durationText(null), durationText(0)]).toEqual([
    '-',
    '0',
    '-',
    '0 B',
    '-',
    '0ms',
  ])
})

test('bytes, spans and durations in their units', () => {
  expect([bytesText(340), bytesText(3_400), bytesText(12_000_000)]).toEqual(['340 B', '3.4 kB', '12 MB'])
  expect([spanText(-5), spanText(119_000), spanText(600_000), spanText(3 * 3600_000), spanText(49 * 3600_000)]).toEqual([
    '0s',
    '119s',
    '10m',
    '3h',
    '2d',
  ])
  expect([durationText(0.42), durationText(12.3), durationText(1234)]).toEqual(['0.4ms', '12ms', '1.2s'])
  expect([plural(1, 'node'), plural(2, 'node')]).toEqual(['1 node', '2 nodes'])
})
