import {describe, expect, test} from 'vitest'
import {runCli} from '../../support/plugin/run-cli.ts'

describe('a namespace that has no such name is refused before anything is asked', () => {
  test.each([
    '',
    '.',
    '..',
    '../kube-system',
    'a/b',
    'Ops',
    '-a',
    'a-',
    'a.b',
    'a b',
    'x'.repeat(64),
    'a\n',
    '\u001b[2J',
    'ö',
    '%2e%2e',
  ])('--agent-namespace %j', async name => {
    // Of a kubectl there is no word: none is started.
    const {stdout, stderr, exitCode} = await runCli(['status', '--agent-namespace', name], {env: {KUBECTL: '/no/kubectl'}})
    expect([stdout, exitCode]).toEqual(['', 2])
    expect(stderr).toMatch(/^error: --agent-namespace .*: not the name of a namespace\n {2}A name has up to 63 .*\n$/)
    expect(stderr).not.toContain('\u001b')
  })

  test.each(['a', '0', 'kubectl-npm', 'x'.repeat(63)])('and %s is none of them', async name => {
    const {stderr} = await runCli(['status', '--agent-namespace', name], {env: {KUBECTL: '/no/kubectl'}})
    expect(stderr).toContain('/no/kubectl is not there')
  })
})
