import {execFile} from 'node:child_process'
import {open} from 'node:fs/promises'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {describe, expect, test} from 'vitest'
import {run} from '../../../agent/node/run.ts'
import {describeFrozen, openFreezer} from '../../support/agent/freezer.ts'

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

describe('a process that has run a tool', () => {
  test('has nothing more to wait for when the tool has ended', async () => {
    const script = `
      const {run} = await import(${JSON.stringify(join(import.meta.dirname, '../../../agent/node/run.ts'))})
      await run('true', [])
      console.log(process.getActiveResourcesInfo().filter(each => each === 'Timeout').length)`
    const {stdout} = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
    expect(stdout.trim()).toBe('0')
  })
})

describe('what a tool is given', () => {
  const large = 'one line of many\n'.repeat(100_000)

  test('is all of a large text, and its end', async () => {
    const result = await run('wc', ['-c'], {input: large})
    expect(new TextDecoder().decode(result.stdout).trim()).toBe(String(large.length))
  })

  test('is nothing by default', async () => {
    const result = await run('wc', ['-c'])
    expect(new TextDecoder().decode(result.stdout).trim()).toBe('0')
  })

  test('does not hinder one that ends before it has read it', async () => {
    expect(await run('sh', ['-c', 'exit 0'], {input: large})).toMatchObject({end: 'ok'})
    expect(await run('sh', ['-c', 'echo no >&2; exit 2'], {input: large})).toMatchObject({
      failure: 'it ended with exit code 2: no',
    })
  })

  test('does not hinder one that hangs from being stopped', async () => {
    const result = await run('sh', ['-c', 'sleep 60'], {input: large, timeoutMs: 200})
    expect(result.failure).toBe('it did not end within 0.2 s and was stopped')
  })

  test('is a file that it holds open when it is the third', async () => {
    await using file = await open('/dev/null')
    const result = await run('readlink', ['/proc/self/fd/3'], {heldFile: file.fd})
    expect(new TextDecoder().decode(result.stdout)).toBe('/dev/null\n')
  })
})

describe('a process that a tool leaves behind', () => {
  test('and that holds its pipes, does not keep the tool from its end', async () => {
    const result = await run('sh', ['-c', 'sleep 600 & echo $!'])
    const left = Number(new TextDecoder().decode(result.stdout))
    process.kill(left, 'SIGKILL')
    expect(result).toMatchObject({end: 'ok', failure: ''})
  })

  test('and that prints for ever, is left when the time is over', async () => {
    const result = await run('sh', ['-c', 'while echo more; do sleep 0.05; done & exit 0'], {timeoutMs: 700})
    expect(result.failure).toBe('it did not end within 0.7 s and was stopped')
    expect(new TextDecoder().decode(result.stdout)).toContain('more\nmore\n')
  })

  test('and that prints for ever as fast as it can, is left when that is too much', async () => {
    const result = await run('sh', ['-c', 'yes & exit 0'], {largestBytes: 100_000})
    expect(result.failure).toBe('it printed more than 100000 bytes and was stopped')
    expect(result.stdout.length).toBeLessThanOrEqual(100_000)
  })
})

describeFrozen('a tool that cannot be killed', () => {
  test.each<{how: string; stop: (abort: AbortController) => {timeoutMs?: number}; says: RegExp}>([
    {
      how: 'did not end in time',
      stop: () => ({timeoutMs: 300}),
      says: /^it did not end within 0\.3 s and could not be stopped: process \d+ is still there: why$/,
    },
    {
      how: 'is not wanted any more',
      stop: abort => {
        setTimeout(() => abort.abort(), 300)
        return {}
      },
      says: /^it could not be stopped: process \d+ is still there$/,
    },
  ])('and $how is let go, with what it printed', async ({stop, says}) => {
    await using freezer = await openFreezer()
    const abort = new AbortController()
    const args = ['-c', `echo half; echo why >&2; ${freezer.enter}; echo never`]
    const result = await run('sh', args, {signal: abort.signal, ...stop(abort)})
    expect(result).toMatchObject({end: 'failed', failure: expect.stringMatching(says)})
    expect(new TextDecoder().decode(result.stdout)).toBe('half\n')
  })

  test('is not started again while it is there, and is when it has gone', async () => {
    await using freezer = await openFreezer()
    const stuck = await run('sh', ['-c', freezer.enter], {timeoutMs: 300})
    const [held] = await freezer.processes()
    expect(stuck.failure).toContain(`could not be stopped: process ${held} is still there`)
    for (let read = 0; read < 5; read++)
      expect(await run('sh', ['-c', freezer.enter], {timeoutMs: 300})).toMatchObject({
        end: 'failed',
        failure: `an earlier sh could not be stopped: process ${held} is still there`,
      })
    expect(await freezer.processes()).toEqual([held])
    expect(await run('echo', ['others'])).toMatchObject({end: 'ok'})
    await freezer.thaw()
    await expect.poll(async () => (await run('sh', ['-c', 'echo back'])).end).toBe('ok')
  })

  test('does not keep the process that started it from its end', async () => {
    await using freezer = await openFreezer()
    const program = `import {run} from ${JSON.stringify(`${process.cwd()}/agent/node/run.ts`)}
      console.log((await run('sh', ['-c', ${JSON.stringify(freezer.enter)}], {timeoutMs: 300})).failure)`
    const {stdout} = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program])
    expect(stdout).toContain('could not be stopped')
    expect(await freezer.processes()).toHaveLength(1)
  })
})
