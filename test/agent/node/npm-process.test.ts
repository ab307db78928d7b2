import {expect, test} from 'vitest'
import {openHns} from '../../../agent/hns/open-hns.ts'
import {hasNpmProcess} from '../../../agent/node/npm-process.ts'
import type {Run} from '../../../agent/node/run.ts'
import {HnsEmulator} from '../../support/hns/emulator.ts'
import {emptyState} from '../../support/hns/state.ts'

const hns = openHns(new HnsEmulator(emptyState()), {callMs: 1000})

const printing =
  (text: string, end: 'ok' | 'failed' = 'ok'): Run =>
  async command => ({
    command,
    end,
    failure: end === 'ok' ? '' : 'it failed',
    durationMs: 1,
    stdout: new TextEncoder().encode(text),
  })

test.for([
  ['is there', '"npm.exe","4711","Services","0","45,120 K"\r\n', true],
  ['is there in other letters', '"NPM.EXE","4711","Services","0","45.120 K"\r\n', true],
  ['is not there', 'INFO: No tasks are running which match the specified criteria.\r\n', false],
  [
    'is not there, in the language of the node',
    'INFORMATION: Es werden keine Aufgaben mit den angegebenen Kriterien ausgeführt.\r\n',
    false,
  ],
] as const)('Azure NPM of a Windows node %s', async ([, text, expected]) => {
  expect(await hasNpmProcess({run: printing(text), hns})).toBe(expected)
})

test('where Windows does not tell, it may be there', async () => {
  expect(await hasNpmProcess({run: printing('', 'failed'), hns})).toBe(true)
})
