import {describe, expect, test} from 'vitest'
import {durationMs, durationText} from '../../../plugin/install/duration.ts'
import {parseDurationMs} from '../../../plugin/kubernetes/duration.ts'

test.each([
  {text: '90', ms: 90_000},
  {text: '90s', ms: 90_000},
  {text: '1h30m', ms: 5_400_000},
  {text: '1.5m', ms: 90_000},
  {text: '500ms', ms: 500},
  {text: '0', ms: 0},
  {text: '', ms: undefined},
  {text: '5d', ms: undefined},
  {text: '-5s', ms: undefined},
  {text: '5m tea', ms: undefined},
  {text: '1.5', ms: undefined},
])('$text is $ms ms', ({text, ms}) => {
  expect(parseDurationMs(text)).toBe(ms)
})

describe('a time to wait', () => {
  test('is more than 0', () => {
    expect(durationMs('--timeout', '2m')).toBe(120_000)
    expect(() => durationMs('--timeout', '0')).toThrow('--timeout 0 is no time to wait')
    expect(() => durationMs('--for', 'tea')).toThrow('--for tea is no time to wait')
  })

  test.each([
    {ms: 90_000, text: '90s'},
    {ms: 300_000, text: '5m'},
    {ms: 7_200_000, text: '2h'},
  ])('of $ms ms is written $text', ({ms, text}) => {
    expect(durationText(ms)).toBe(text)
  })
})
