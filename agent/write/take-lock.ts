import {isWindows} from '../node/system.ts'
import {takeExclusiveLock} from './exclusive-lock.ts'
import {takeFileLock} from './file-lock.ts'
import type {Lock, LockOptions} from './lock.ts'

/**
 * Takes the lock of this node, by what its system has for it.
 *
 * @returns undefined when another writer holds it and `waitMs` is 0
 * @throws WriteFailure when it cannot be had; it says who holds it
 */
export const takeLock = (options: LockOptions): Promise<Lock | undefined> =>
  isWindows ? takeExclusiveLock(options) : takeFileLock(options)
