import {expect, test} from 'vitest'
import {refreshPage} from '../../scripts/docs/refresh-page.ts'

const block = (...lines: string[]): string => ['```console', ...lines, '```', ''].join('\n')

test('what is shown whole is brought up to date, and the rest is for people', async () => {
  const printed: Record<string, string> = {
    one: 'a\nb\nc\n',
    two: '',
    'three \\\n  more': 'z\n',
    part: 'x\n',
    'same part': 'p\nq\n',
  }
  const page = [
    block('$ one', 'a', '$ two', 'gone', '$ three \\', '  more'),
    'between\n',
    block('$ part', 'y', '…', '$ same part', 'p', '…'),
    '```console cluster\n$ far\nas it was\n```\n',
  ].join('\n')
  const refreshed = await refreshPage(page, async command => printed[command] ?? `no ${command}`)
  expect(refreshed.text).toBe(
    [
      block('$ one', 'a', 'b', 'c', '$ two', '$ three \\', '  more', 'z'),
      'between\n',
      block('$ part', 'y', '…', '$ same part', 'p', '…'),
      '```console cluster\n$ far\nas it was\n```\n',
    ].join('\n'),
  )
  expect(refreshed.forPeople).toEqual([{line: 13, command: 'part'}])
})
