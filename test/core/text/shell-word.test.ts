import {execFileSync} from 'node:child_process'
import {fc, test} from '@fast-check/vitest'
import {expect} from 'vitest'
import {escapeControls} from '../../../core/text/escape.ts'
import {flagWords, shellWord} from '../../../core/text/shell-word.ts'

/** The words that a shell makes of the rest of a command. */
const wordsOf = (text: string): string[] =>
  execFileSync('sh', ['-c', `for word in ${text}; do printf '%s\\0' "$word"; done`], {encoding: 'utf8'})
    .split('\0')
    .slice(0, -1)

/** As it is printed: controls are escaped. */
const name = fc
  .oneof(
    fc.string({unit: 'binary', minLength: 1}),
    fc.string({unit: fc.constantFrom('\\', ' ', 'a', 'n', '-', '"'), minLength: 1}).map(text => `C:\\${text}`),
    fc.string({unit: fc.constantFrom(...'a$`\'"\\;|&<>()*?~#!{}[]= \t\n-'.split('')), minLength: 1}),
  )
  .map(escapeControls)

test.prop([fc.array(name, {minLength: 50, maxLength: 100})], {numRuns: 5})(
  'a shell takes any name for one word, and runs nothing',
  names => {
    expect(wordsOf(names.map(shellWord).join(' '))).toEqual(names)
  },
)

test('usual names stay as they are', () => {
  expect(['aks-1', 'shop/db', 'svc/web', '10.0.0.1:80', 'a.b_c', 'podIP=1.2.3.4'].map(shellWord).join(' ')).toBe(
    'aks-1 shop/db svc/web 10.0.0.1:80 a.b_c podIP=1.2.3.4',
  )
})

test('a path of Windows is in double quotes, as cmd takes it', () => {
  const path = 'C:\\npm state 0'
  expect(shellWord(path)).toBe(`"${path}"`)
  const others = [path, 'C:\\tmp\\x', 'C:\\end\\', 'C:\\\\x', 'C:\\$x', 'C:\\a"b']
  expect(wordsOf(others.map(shellWord).join(' '))).toEqual(others)
})

test('what zsh would look up is quoted, too', () => {
  expect(shellWord('=ls')).toBe("'=ls'")
})

test('a value that looks like a flag is joined to its flag', () => {
  expect(flagWords('--node', 'n1')).toBe('--node n1')
  expect(flagWords('--node', '--yes')).toBe('--node=--yes')
})
