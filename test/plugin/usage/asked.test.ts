import {describe, expect, test} from 'vitest'
import type {InputError} from '../../../core/problem/input-error.ts'
import {readAsked} from '../../../plugin/usage/asked.ts'

const VERBS = ['diff', 'sets', 'translate']

describe('what a command line asks for', () => {
  test.each([
    [[], {kind: 'verbs'}],
    [['help'], {kind: 'verbs'}],
    [['-h'], {kind: 'verbs'}],
    [['--help'], {kind: 'verbs'}],
    [['--help', 'sets'], {kind: 'help', verb: 'sets'}],
    [['help', 'sets'], {kind: 'help', verb: 'sets'}],
    [['sets', '--from', 'x', '-h'], {kind: 'help', verb: 'sets'}],
    [['options'], {kind: 'options'}],
    [['help', 'options'], {kind: 'options'}],
    [['options', '-h'], {kind: 'options'}],
    [['help', 'help'], {kind: 'verbs'}],
    [['help', '-h'], {kind: 'verbs'}],
    [['--version'], {kind: 'version'}],
    [['sets', 'a', '-o', 'json'], {kind: 'verb', verb: 'sets', words: ['a', '-o', 'json']}],
    // Behind -- there are no flags.
    [['sets', '--', '-h'], {kind: 'verb', verb: 'sets', words: ['--', '-h']}],
  ])('%j', (words, asked) => {
    expect(readAsked(words, VERBS)).toEqual(asked)
  })

  test.each([
    [['transalte'], 'unknown verb "transalte"', ['Did you mean translate?']],
    [['help', 'set'], 'unknown verb "set"', ['Did you mean sets?']],
    [['xyz'], 'unknown verb "xyz"', []],
    [['-n', 'shop', 'sets', 'a'], '-n stands before the verb, and flags stand behind it', ['Say: kubectl npm sets a -n shop']],
    [['--local'], '--local stands where the verb belongs', []],
  ])('%j is refused with what to do', (words, message, steps) => {
    let refused: InputError | undefined
    try {
      readAsked(words, VERBS)
    } catch (error) {
      refused = error as InputError
    }
    expect(refused?.message).toBe(message)
    expect(refused?.steps).toEqual(expect.arrayContaining([...steps]))
  })
})
