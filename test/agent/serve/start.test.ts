import {setTimeout as sleep} from 'node:timers/promises'
import {describe, expect, test} from 'vitest'
import {start} from '../../../agent/node/run.ts'
import {failureOf} from '../../../agent/node/tool-failure.ts'
import {liveBytes} from '../../support/agent/live-bytes.ts'

async function outcome(script: string, options: Parameters<typeof start>[2] = {}) {
  const tool = start('sh', ['-c', script], options)
  let text = ''
  for await (const piece of tool.stdout) text += Buffer.from(piece).toString()
  const {end, failure} = await tool.ending
  return {text, end, failure}
}

describe('a tool whose output is worked on while it comes', () => {
  test.each<{name: string; script: string; text: string; end: string; failure: string | RegExp; timeoutMs?: number}>([
    {name: 'ends well', script: 'echo out; echo err >&2', text: 'out\n', end: 'ok', failure: ''},
    {
      name: 'fails',
      script: 'echo half; echo why >&2; exit 3',
      text: 'half\n',
      end: 'failed',
      failure: 'it ended with exit code 3: why',
    },
    {
      name: 'is killed',
      script: 'echo half; kill -9 $$',
      text: 'half\n',
      end: 'failed',
      failure: 'it was ended by SIGKILL',
    },
    {
      name: 'hangs',
      script: 'echo half; exec sleep 600',
      text: 'half\n',
      end: 'failed',
      failure: 'it did not end within 0.5 s and was stopped',
    },
    {
      name: 'ends, and leaves a process behind that holds its output open',
      script: 'echo out; sleep 5 & exit 0',
      text: 'out\n',
      end: 'ok',
      failure: '',
      timeoutMs: 4000,
    },
    {
      name: 'hangs, and leaves a process behind',
      script: 'echo half; sleep 3; echo never',
      text: 'half\n',
      end: 'failed',
      failure: 'it did not end within 0.5 s and was stopped',
    },
    {
      name: 'complains at great length',
      script: 'yes complaint | head -c 1000000 >&2; echo out; exit 1',
      text: 'out\n',
      end: 'failed',
      failure: /^it ended with exit code 1: (?:\w+\n)*complaint$/,
    },
  ])('that $name', async ({script, text, end, failure, timeoutMs = 500}) => {
    const result = await outcome(script, {timeoutMs})
    expect(result).toMatchObject({text, end})
    expect(result.failure).toMatch(failure === '' ? /^$/ : failure)
  })

  test('that is not there', async () => {
    const tool = start('no-such-tool-here', [])
    const pieces: Uint8Array[] = []
    for await (const piece of tool.stdout) pieces.push(piece)
    expect(pieces).toEqual([])
    expect(await tool.ending).toMatchObject({end: 'missing', failure: 'no-such-tool-here is not installed'})
  })

  test('that never stops printing is stopped', async () => {
    const {text, end, failure} = await outcome('exec yes', {largestBytes: 1_000_000})
    expect(text.length).toBeGreaterThan(500_000)
    expect(text.length).toBeLessThanOrEqual(1_000_000)
    expect({end, failure}).toEqual({end: 'failed', failure: 'it printed more than 1000000 bytes and was stopped'})
  })

  test('that is interrupted', async () => {
    const abort = new AbortController()
    const tool = start('sh', ['-c', 'echo half; exec sleep 600'], {signal: abort.signal})
    for await (const _piece of tool.stdout) abort.abort()
    expect(await tool.ending).toMatchObject({end: 'failed', failure: 'it was interrupted'})
  })

  test('whose output is not taken has to wait, and ends when its reader leaves', async () => {
    const before = liveBytes()
    const tool = start('sh', ['-c', 'exec yes'])
    const pieces = tool.stdout[Symbol.asyncIterator]()
    const first = await pieces.next()
    expect(first.done).toBe(false)
    // `yes` prints gigabytes in this time.
    await sleep(500)
    expect(liveBytes() - before).toBeLessThan(30_000_000)
    await pieces.return?.()
    expect(await tool.ending).toMatchObject({end: 'failed'})
  })
})

describe('what is said of a failure', () => {
  const ended = {timedOut: false, isCanceled: false, isMaxBuffer: false}
  const bounds = {timeoutMs: 1000, bytes: 1}

  test.each<{command: string; exitCode: number; stderr: string; says: RegExp}>([
    {
      command: 'ipset',
      exitCode: 1,
      stderr: 'ipset v7.1: Kernel and userspace incompatible: settype hash:ip with revision 6 not supported by userspace.',
      says: /^it is older than what a newer program put into the kernel, and cannot read it: ipset v7.1: Kernel/,
    },
    {
      command: 'iptables-legacy-save',
      exitCode: 4,
      stderr: 'Another app is currently holding the xtables lock.',
      says: /^another program holds the xtables lock, or the kernel lacks memory: Another app/,
    },
    // nft has no lock; there 4 means that the caller may not, too.
    {
      command: 'iptables-nft-save',
      exitCode: 4,
      stderr: 'Could not fetch rule set generation id: Permission denied (you must be root)',
      says: /^it ended with exit code 4: Could not fetch/,
    },
  ])('$command with $stderr', ({command, exitCode, stderr, says}) => {
    expect(failureOf(command, {...ended, exitCode}, stderr, bounds)).toMatch(says)
  })
})
