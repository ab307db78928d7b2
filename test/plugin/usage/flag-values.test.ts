import {describe, expect, test} from 'vitest'
import {fixture, runCli} from '../../support/plugin/run-cli.ts'

const dump = ['--from', fixture('captures/v2-base36-nft')]

describe('a flag that is on or off', () => {
  test.each([
    [['policies', '--watch=false'], 'bakery '],
    [['policies', '-A=true'], 'bakery '],
    [['policies', '--all-namespaces=1'], 'bakery '],
    [['metrics', '--compare=false'], 'npm_num_policies'],
    [['top', '--once=TRUE'], 'bakery/closed'],
  ])('%j takes true and false, as with kubectl', async (words, shown) => {
    const {stdout, stderr, exitCode} = await runCli([...words, ...dump])
    expect([stdout.includes(shown), stderr, exitCode === 2]).toEqual([true, '', false])
  })

  test('that is switched off is off, and on is on', async () => {
    const metrics = async (flag: string) => (await runCli(['metrics', flag, '-o', 'prometheus', ...dump])).stdout
    expect(await metrics('--compare=false')).not.toContain('npm_agent_clean')
    expect(await metrics('--compare=true')).toContain('npm_agent_clean')
    expect((await runCli(['policies', '--watch=true', ...dump])).stderr).toContain('--watch follows nodes')
  })

  test.each([
    ['--once=maybe', '--once=maybe: it is on or off'],
    ['--once=', '--once=: it is on or off'],
  ])('%s says what there is', async (word, message) => {
    const {stderr, exitCode} = await runCli(['top', word, ...dump])
    expect(stderr).toContain(`error: ${message}\n  Say --once, --once=true or --once=false.`)
    expect(exitCode).toBe(2)
  })

  test('behind -- is none', async () => {
    expect((await runCli(['top', ...dump, '--', '--once=true'])).stderr).toContain('--once=true: no such file')
  })
})

test.each([
  [['policies', '-n', 'a', '-A'], 'error: --namespace and --all-namespaces exclude each other\n  Leave one of them out.'],
  [['metrics', '--pod', 'a/b/c/d'], 'error: --pod a/b/c/d: "a/b/c/d" is no address and no pod\n  Give NAMESPACE/POD'],
  [['top', '--once', '--record', '/nope/x'], 'error: --record /nope/x: it cannot be written (ENOENT'],
  [['top', '--interval', 'soon'], 'error: --interval soon'],
  [['policies', '-l', '=x'], 'error: -l =x: this is no label selector'],
])('%j says what is wrong and what to do', async (words, message) => {
  const {stderr, exitCode} = await runCli([...words, ...dump])
  expect(stderr).toContain(message)
  expect(stderr.trimEnd().split('\n').length).toBeGreaterThanOrEqual(2)
  expect(stderr).not.toContain(String.raw`\x0a`)
  expect(exitCode).toBe(2)
})
