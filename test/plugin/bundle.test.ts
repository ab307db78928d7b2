import {afterAll, beforeAll, expect, test} from 'vitest'
import packageFacts from '../../package.json' with {type: 'json'}
import {type Bundle, onTerminal, openBundle} from './bundle.ts'
import {fixture} from './run-cli.ts'

/** The bundle on a terminal, where libraries do more than in a pipe. */

let bundle: Bundle
beforeAll(async () => {
  bundle = await openBundle()
})
afterAll(() => bundle.remove())

test.each(['xterm', 'dumb'])('runs on a terminal of kind %s', async TERM => {
  const env = {PATH: bundle.path, TERM, NO_COLOR: ''}
  const version = await onTerminal('kubectl-npm --version', env)
  expect(version.stdout).toContain(`kubectl-npm/${packageFacts.version}`)
  expect(version.exitCode).toBe(0)
  const sets = await onTerminal(`kubectl-npm sets --from ${fixture('captures/v2-base36-nft')}`, env)
  expect(sets.stdout).toContain('podlabel-app:oven')
  expect(sets.exitCode).toBe(0)
})

test('an error on a terminal is told in words', async () => {
  const {stdout, exitCode} = await onTerminal('kubectl-npm sets --from /no/such/dump', {PATH: bundle.path})
  expect(stdout).toContain('error: --from /no/such/dump: no such file or folder')
  expect(exitCode).toBe(2)
})
