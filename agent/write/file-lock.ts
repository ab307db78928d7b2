import {type FileHandle, open} from 'node:fs/promises'
import {join} from 'node:path'
import {shellWord} from '../../core/text/shell-word.ts'
import {run} from '../node/run.ts'
import {type Lock, type LockOptions, lockHolder} from './lock.ts'
import {makeStateFolder} from './state-folder.ts'
import {refuseIfAborted, WriteFailure, writeFailureOf} from './write-failure.ts'

/** flock ends with this code when another process holds the lock. It has no other use for it. */
const HELD = 75

/**
 * Takes the lock. The kernel releases it when the last process that has the file open ends, however that happens.
 *
 * flock(2) locks belong to the open file and not to a process, so the small tool `flock` can take it on a file that this process has open.
 * Node has no call for it. Source: flock(1), flock(2)
 *
 * @returns undefined when another writer holds it and `waitMs` is 0
 * @throws WriteFailure when it cannot be had; it says who holds it
 */
export async function takeFileLock(options: LockOptions): Promise<Lock | undefined> {
  const {stateDir, clock, by, verb, waitMs, signal} = options
  const file = await openLockFile(stateDir)
  try {
    const wait = waitMs === 0 ? ['-n'] : ['-w', String(waitMs / 1000)]
    const taken = await run('flock', ['-x', '-E', String(HELD), ...wait, '3'], {
      heldFile: file.fd,
      timeoutMs: waitMs + 10_000,
      ...(signal && {signal}),
    })
    const isHeld = taken.failure.includes(`exit code ${HELD}`)
    if (isHeld && waitMs === 0) {
      await file.close()
      return undefined
    }
    if (isHeld) throw new WriteFailure(`another write is going on: ${await holder(file)}`, 'Try again when it has ended.')
    if (taken.end === 'missing')
      throw new WriteFailure(
        'flock is not installed, and without it two could write at once',
        'Install it: apt-get install util-linux',
      )
    refuseIfAborted(signal)
    if (taken.end !== 'ok')
      throw new WriteFailure(`the lock cannot be taken: flock: ${taken.failure}`, `Look at it: ls -l ${shellWord(stateDir)}`)
    await sign(file, {by, verb, process: process.pid, since: clock.now().toISOString()})
    return {fd: file.fd, [Symbol.asyncDispose]: () => file.close()}
  } catch (error) {
    await file.close().catch(() => undefined)
    throw writeFailureOf('the lock', stateDir, error)
  }
}

async function openLockFile(stateDir: string): Promise<FileHandle> {
  try {
    makeStateFolder(stateDir)
    return await open(join(stateDir, 'lock'), 'a+', 0o600)
  } catch (error) {
    throw writeFailureOf('the lock', stateDir, error)
  }
}

/** Says who has taken the lock, if the disk has room for it. */
async function sign(file: FileHandle, holder: object): Promise<void> {
  try {
    await file.truncate(0)
    await file.write(`${JSON.stringify(holder)}\n`)
  } catch {
    // What needs the disk fails later, and says why.
  }
}

/** Who has taken the lock, as far as it says. */
async function holder(file: FileHandle): Promise<string> {
  const {buffer, bytesRead} = await file.read(Buffer.alloc(1024), 0, 1024, 0)
  return lockHolder(buffer.toString('utf8', 0, bytesRead))
}
