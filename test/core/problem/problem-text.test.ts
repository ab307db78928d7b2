import {describe, expect, test} from 'vitest'
import {InputError} from '../../../core/problem/input-error.ts'
import type {Problem} from '../../../core/problem/problem.ts'
import {ProblemList} from '../../../core/problem/problem-list.ts'
import {inputErrorText, problemText} from '../../../core/problem/problem-text.ts'

const base: Problem = {code: 'BAD_RULE', message: 'wrong', next: 'do this'}

test.each<{what: string; problem: Problem; text: string[]}>([
  {what: 'without a place', problem: base, text: ['wrong', '  do this']},
  {what: 'with a file', problem: {...base, file: 'save.txt'}, text: ['save.txt: wrong', '  do this']},
  {what: 'with file and line', problem: {...base, file: 'save.txt', line: 3}, text: ['save.txt:3: wrong', '  do this']},
  {
    what: 'with a line and its text',
    problem: {...base, line: 3, column: 4, text: '-A X -j'},
    text: ['3:4: wrong', '  -A X -j', '     ^', '  do this'],
  },
  {
    what: 'at the start of a line, which needs no mark',
    problem: {...base, line: 3, column: 1, text: 'x'},
    text: ['3:1: wrong', '  x', '  do this'],
  },
  {
    what: 'behind the end of a line, where no mark can be',
    problem: {...base, line: 3, column: 2, text: 'x'},
    text: ['3:2: wrong', '  x', '  do this'],
  },
  {what: 'with a column but no line', problem: {...base, file: 'a', column: 7}, text: ['a: wrong', '  do this']},
  {
    what: 'with controls in every part, which are escaped and counted',
    problem: {code: 'BAD_RULE', message: 'm\u001b', next: 'n\u001b', file: 'f\u001b', line: 1, column: 3, text: '\u001bxy'},
    text: ['f\\x1b:1:3: m\\x1b', '  \\x1bxy', '       ^', '  n\\x1b'],
  },
])('a problem $what', ({problem, text}) => {
  expect(problemText(problem)).toBe(text.join('\n'))
})

describe('a list of problems', () => {
  test('keeps all of twenty, and names their file', () => {
    const list = new ProblemList('save.txt')
    for (let line = 1; line <= 20; line++) list.add({...base, line})
    expect(list.all()).toEqual(Array.from({length: 20}, (_, index) => ({...base, file: 'save.txt', line: index + 1})))
  })

  test('tells how many more there are of a kind, behind the last one kept', () => {
    const list = new ProblemList()
    list.add({...base, code: 'UNKNOWN_LINE'})
    for (let line = 1; line <= 25; line++) list.add({...base, line})
    list.add({...base, code: 'TRUNCATED_FILE'})
    const all = list.all()
    expect(all.map(({code}) => code)).toEqual(['UNKNOWN_LINE', ...Array.from({length: 21}, () => 'BAD_RULE'), 'TRUNCATED_FILE'])
    expect(all[21]).toEqual({code: 'BAD_RULE', message: '5 more problems of this kind are not shown', next: 'do this'})
  })
})

test.each<{what: string; error: InputError; text: string[]}>([
  {what: 'with one step', error: new InputError('wrong', 'do this'), text: ['error: wrong', '  do this']},
  {what: 'with a line for each step', error: new InputError('wrong', ['do', 'then']), text: ['error: wrong', '  do', '  then']},
  {
    what: 'with line feeds of data, which begin no line',
    error: new InputError('a\nerror: b', ['c\nd', '\u001b[2J']),
    text: ['error: a\\x0aerror: b', '  c\\x0ad', '  \\x1b[2J'],
  },
  {
    what: 'after the problems',
    error: new InputError('wrong', 'do', [base]),
    text: ['warning: wrong', '  do this', 'error: wrong', '  do'],
  },
])('an error $what', ({error, text}) => {
  expect(inputErrorText(error).split('\n')).toEqual(text)
})

test('steps are one line where there is one', () => {
  expect(new InputError('wrong', ['do', 'then']).next).toBe('do then')
})
