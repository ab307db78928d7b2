import {describe, expect, test} from 'vitest'
import {run} from '../../../agent/node/run.ts'

describe('running a tool', () => {
  test.each<{name: string; command: string; args: string[]; end: string; says: string; timeoutMs?: number}>([
    {name: 'that ends well', command: 'sh', args: ['-c', 'echo out; echo err >&2'], end: 'ok', says: ''},
    {
      name: 'that is not there',
      command: 'no-such-tool-here',
      args: [],
      end: 'missing',
      says: 'no-such-tool-here is not installed',
    },
    {
      name: 'that fails',
      command: 'sh',
      args: ['-c', 'echo why >&2; exit 3'],
      end: 'failed',
      says: 'it ended with exit code 3: why',
    },
    {name: 'that is killed', command: 'sh', args: ['-c', 'kill -9 $$'], end: 'failed', says: 'it was ended by SIGKILL'},
    {
      name: 'that hangs',
      command: 'sleep',
      args: ['60'],
      end: 'failed',
      says: 'it did not end within 0.2 s and was stopped',
      timeoutMs: 200,
    },
  ])('$name', async ({command, args, end, says, timeoutMs}) => {
    const result = await run(command, args, timeoutMs === undefined ? {} : {timeoutMs})
    expect(result).toMatchObject({end, failure: says, command: [command, ...args].join(' ')})
    if (end === 'ok') expect(new TextDecoder().decode(result.stdout)).toBe('out\n')
  })

  test('gives up when it is told to', async () => {
    const abort = new AbortController()
    const running = run('sleep', ['60'], {signal: abort.signal})
    abort.abort()
    expect(await running).toMatchObject({end: 'failed', failure: 'it was interrupted'})
  })
})
