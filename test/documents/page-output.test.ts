import {describe, expect, test} from 'vitest'
import {expectShown, type Hole, isShownButFor, shownCommand} from './page-output.ts'

/** What differs from run to run is let pass, and nothing else of what a page says. */
describe('what a page shows', () => {
  const cases: readonly [what: string, shown: string, printed: string, holes: Hole[]][] = [
    ['an address', 'pod a (10.1.0.2) -> 10.1.0.3', 'pod a (10.77.130.2) -> 10.77.130.3', ['address']],
    ['a duration', 'back in 18 s', 'back in 17.5 s', ['duration']],
    ['a folder', 'in /tmp/cluster-aBc/admin', 'in /tmp/cluster-Xy1/admin', ['folder']],
    ['an id', 'to 0001-20261130T100453Z', 'to 0012-20261201T000000Z', ['id']],
    ['a longer cell of a table', 'live   1    80 MB\nend', 'live   3   109 MB\nend', ['load']],
    ['the end of a name', 'pod npm-agent-w6z7b is ready', 'pod npm-agent-x8gmc is ready', ['suffix']],
    ['a time', 'as of 2026-11-30T18:57:11.221Z', 'as of 2027-01-02T03:04:05Z', ['time']],
    ['a version', 'v0.1.0 (Node.js 26.10.0)', 'v1.2.13 (Node.js 28.0.0)', ['version']],
  ]

  test.each(cases)('may have another one: %s', (_, shown, printed, holes) => {
    expect(isShownButFor(shown.split('\n'), printed, holes)).toBe(true)
    expect(isShownButFor(shown.split('\n'), printed, [])).toBe(false)
  })

  test.each(cases)('says the rest: %s', (_, shown, printed, holes) => {
    for (const wrong of [printed.replace(/[a-z]{2,}/, 'wrong'), `${printed}\nmore`, printed.replace(/\S+$/, '')])
      expect(isShownButFor(shown.split('\n'), wrong, holes), wrong).toBe(false)
  })

  test('has the same address where it is the same', () => {
    expect(isShownButFor(['10.1.0.2 -> 10.1.0.2'], '10.9.0.1 -> 10.9.0.1', ['address'])).toBe(true)
    expect(isShownButFor(['10.1.0.2 -> 10.1.0.2'], '10.9.0.1 -> 10.9.0.2', ['address'])).toBe(false)
  })
})

test('a page that says something else is named with its line', () => {
  const shown = shownCommand('a page', 'kubectl npm status', '# A page\n\n```console\n$ kubectl npm status\nNODE\nnode1\n```\n')
  expect(shown).toEqual({line: 4, command: 'kubectl npm status', output: ['NODE', 'node1']})
  expectShown({...shown, page: 'a page', printed: 'NODE\nnode1\n'})
  expect(() => expectShown({...shown, page: 'a page', printed: 'NODE\nnode2\n'})).toThrow('a page:4: kubectl npm status')
})

test('a command that a page does not show, or shows twice, is not looked for in vain', () => {
  const block = '```console\n$ one\n```\n'
  expect(() => shownCommand('a page', 'two', block)).toThrow('a page shows nowhere: two')
  expect(() => shownCommand('a page', 'one', block + block)).toThrow('a page shows more than once: one')
})
