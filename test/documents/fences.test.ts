import {describe, expect, test} from 'vitest'
import {commandsOf, fencesOf, isShown} from '../../scripts/docs/fences.ts'

const PAGE = `
\`\`\`console root=a/b
$ one --flag \\
    two
first

$ three
\`\`\`
\`\`\`\`md
\`\`\`sh
\`\`\`
\`\`\`\`
`

test('a block has its language, its marks and its commands', () => {
  const fences = fencesOf(PAGE)
  expect(fences.map(({language, marks, line}) => [language, marks, line])).toEqual([
    ['console', ['root=a/b'], 3],
    ['md', [], 10],
  ])
  expect(commandsOf(fences[0] as (typeof fences)[number])).toEqual([
    {line: 3, command: 'one --flag \\\n    two', output: ['first', '']},
    {line: 7, command: 'three', output: []},
  ])
  expect(() => fencesOf('```\nx')).toThrow('the block at line 2 has no end')
})

describe('what is shown', () => {
  test.each<[string, string[], string]>([
    ['the same', ['a  b', ''], 'a  b\n'],
    ['nothing', [], ''],
    ['lines left out', ['a', '…', 'c'], 'a\nb\nb\nc\n'],
    ['no lines left out', ['a', '  ...', 'c'], 'a\nc\n'],
    ['text left out', ['took … s, (really)'], 'took 0.3 s, (really)\n'],
    ['spaces at ends', ['a', 'b'], 'a \nb\n\n'],
    ['the beginning', ['a', '…'], 'a\nb\n'],
  ])('%s', (_, output, printed) => expect(isShown(output, printed)).toBe(true))

  test.each<[string, string[], string]>([
    ['a line too many', ['a'], 'a\nb\n'],
    ['a line too few', ['a', 'b'], 'a\n'],
    ['another text', ['took … s'], 'took 0.3 ms\n'],
    ['a character that stands for others in patterns', ['a.c'], 'abc\n'],
    ['nothing where something is printed', [], 'a\n'],
    ['text left out over the end of a line', ['a…c'], 'a\nc\n'],
  ])('is not shown: %s', (_, output, printed) => expect(isShown(output, printed)).toBe(false))
})
