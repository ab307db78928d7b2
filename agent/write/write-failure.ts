import {shellWord} from '../../core/text/shell-word.ts'
/** Why a write is refused, or fails, before it has begun. */
export class WriteFailure extends Error {
  /** What the person can do. */
  readonly next: string

  constructor(message: string, next: string) {
    super(message)
    this.name = 'WriteFailure'
    this.next = next
  }
}

/** Who asked has gone before anything was begun. */
export function refuseIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new WriteFailure('it was interrupted before anything was changed', 'Try again.')
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
}

/**
 * What was thrown, as a failure of the write.
 *
 * @param what was to be written
 * @param path where
 */
export function writeFailureOf(what: string, path: string, error: unknown): WriteFailure {
  if (error instanceof WriteFailure) return error
  const {code, message} = error as NodeJS.ErrnoException
  if (typeof code !== 'string')
    return new WriteFailure(`${message} (a fault of this program)`, 'Report it, with kubectl npm dump.')
  const next =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? `Make room: df -h ${shellWord(path)}. Nothing is written to the node without a way back on the disk.`
      : `Check the folder: ls -ld ${shellWord(path)}. It has to be writable for root, and the same for the agent and --local (--state-dir).`
  return new WriteFailure(`${what} cannot be written in ${path}: ${REASONS[code] ?? message}`, next)
}
