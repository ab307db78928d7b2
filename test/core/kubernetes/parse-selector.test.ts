import {describe, expect, test} from 'vitest'
import {selects} from '../../../core/kubernetes/label-selector.ts'
import {parseSelector} from '../../../core/kubernetes/parse-selector.ts'

const web = {app: 'web', tier: 'front'}

describe('a selector as kubectl takes it', () => {
  test.each([
    ['app=web', true],
    ['app==web', true],
    ['app = db', false],
    ['app!=web', false],
    ['old!=yes', true],
    ['app', true],
    ['!app', false],
    ['!old', true],
    ['app in (web, db)', true],
    ['app in (web,db),tier=front', true],
    ['app notin (web,db)', false],
    ['old notin (x)', true],
    ['app=web,tier in (back)', false],
    ['app=', false],
  ])('%s selects as kubectl does: %s', (text, expected) => {
    const selector = parseSelector(text)
    expect(selector && selects(selector, web)).toBe(expected)
  })

  test.each(['', 'a b', 'app in web', 'app=web,', 'a=b=c', 'app in (web'])('%j is none', text => {
    expect(parseSelector(text)).toBeUndefined()
  })
})
