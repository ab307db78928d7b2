import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {expect, test} from 'vitest'
import {machineClock} from '../../../agent/write/clock.ts'
import {pipeOf, takePipeLock} from '../../../agent/write/pipe-lock.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

/** On Linux a name that begins so is gone with its process, as the pipes of Windows are. */
const freshName = (): string => `\0npm-lock-${process.pid}-${Math.random()}`

const lockOf = (path: string, stateDir: string, waitMs: number, by = 'me') =>
  takePipeLock(path, {stateDir, clock: machineClock, by, verb: 'apply', waitMs})

test('one writer holds it, and another one waits, or is told who does', async () => {
  await using folder = await temporaryFolder()
  const name = freshName()
  {
    await using lock = await lockOf(name, folder.path, 0, 'first')
    expect(lock).toBeDefined()
    expect(await lockOf(name, folder.path, 0)).toBeUndefined()
    await expect(lockOf(name, folder.path, 150)).rejects.toThrow(
      /another write is going on: apply by first since .* \(process \d+\)/,
    )
  }
  await using next = await lockOf(name, folder.path, 1000)
  expect(next).toBeDefined()
})

test('a process that is killed holds it no more', async () => {
  await using folder = await temporaryFolder()
  const name = freshName()
  const program = `require('node:net').createServer().listen(${JSON.stringify(name)}, () => console.log('held'))`
  const child = spawn(process.execPath, ['-e', program], {stdio: ['ignore', 'pipe', 'inherit']})
  await once(child.stdout, 'data')
  expect(await lockOf(name, folder.path, 0)).toBeUndefined()
  const waiting = lockOf(name, folder.path, 10_000)
  child.kill('SIGKILL')
  await using lock = await waiting
  expect(lock).toBeDefined()
})

test('each folder has a pipe of its own, whatever the case of its letters', () => {
  expect(pipeOf('C:\\ProgramData\\npm')).toMatch(/^\\\\\.\\pipe\\kubectl-npm-write-[0-9a-f]{16}$/)
  expect(pipeOf('C:\\ProgramData\\npm')).toBe(pipeOf('c:\\programdata\\NPM'))
  expect(pipeOf('C:\\ProgramData\\npm')).not.toBe(pipeOf('C:\\ProgramData\\other'))
})
