import {constants} from 'node:fs'
import {type FileHandle, open, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {type Lock, type LockOptions, lockHolder} from './lock.ts'
import {makeStateFolder} from './state-folder.ts'
import {refuseIfAborted, WriteFailure, writeFailureOf} from './write-failure.ts'

/** Windows opens a file so for one only. Node hands flags through to libuv and has no name for this one. Source: libuv, UV_FS_O_EXLOCK */
const FOR_ONE = 0x10_00_00_00
/** How often it is looked whether the lock is free. */
const LOOK_MS = 100

/**
 * Takes the lock of a Windows node: whoever has the file open has it. The system closes the file when the process ends, however that
 * happens. Not a pipe, whose name any user of the node could take first.
 *
 * @returns undefined when another writer holds it and `waitMs` is 0
 * @throws WriteFailure when it cannot be had; it says who holds it
 */
export async function takeExclusiveLock(options: LockOptions): Promise<Lock | undefined> {
  const {stateDir, clock, by, verb, waitMs, signal} = options
  // Nobody else can read the file itself.
  const holderFile = join(stateDir, 'lock-holder')
  try {
    makeStateFolder(stateDir)
    const file = await openForOne(join(stateDir, 'lock'), waitMs, signal)
    if (!file && waitMs === 0) return undefined
    if (!file) {
      const said = await readFile(holderFile, 'utf8').catch(() => '')
      throw new WriteFailure(`another write is going on: ${lockHolder(said)}`, 'Try again when it has ended.')
    }
    const holder = JSON.stringify({by, verb, process: process.pid, since: clock.now().toISOString()})
    // What needs the disk fails later, and says why.
    await writeFile(holderFile, holder).catch(() => undefined)
    return {[Symbol.asyncDispose]: () => file.close()}
  } catch (error) {
    throw writeFailureOf('the lock', stateDir, error)
  }
}

/** @returns undefined when another process has it open */
async function openForOne(path: string, waitMs: number, signal: AbortSignal | undefined): Promise<FileHandle | undefined> {
  const until = performance.now() + waitMs
  for (;;) {
    refuseIfAborted(signal)
    try {
      return await open(path, constants.O_RDWR | constants.O_CREAT | FOR_ONE)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error
      if (performance.now() >= until) return undefined
    }
    await sleep(LOOK_MS)
  }
}
