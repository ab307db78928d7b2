import {randomBytes} from 'node:crypto'
import {accessSync, constants, mkdirSync, rmdirSync, rmSync, statSync} from 'node:fs'
import {lstat, readdir, rmdir, unlink} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {InputError} from '../../core/problem/input-error.ts'
import {hold} from '../cleanup/interruption.ts'
import {isAbandoned, ownedPrefix} from '../cleanup/owned-name.ts'

/** The one file in the folder; guarded-command.ts removes it by this name, too. */
const SOCKET = 'api.sock'

/** A folder that only this user may enter, for the socket of kubectl proxy. */
export interface SocketFolder extends AsyncDisposable {
  readonly path: string
  readonly socketPath: string
}

/** What `sun_path` holds, without the NUL at its end. Source: unix(7); XNU's sys/un.h. */
const LONGEST_SOCKET_PATH = process.platform === 'linux' ? 107 : 103
/** Enough to tell the folders of one process apart. */
const RANDOM_CHARACTERS = 6

/**
 * Makes the folder, and removes those of earlier runs that were killed.
 *
 * @throws InputError when no folder for temporary files is there, may be written to, and has a path that is short enough for a socket
 */
export async function openSocketFolder(): Promise<SocketFolder> {
  const parent = chooseParent()
  const path = join(parent, ownedPrefix() + randomBytes(RANDOM_CHARACTERS / 2).toString('hex'))
  const socketPath = join(path, SOCKET)
  const clear = () => {
    rmSync(socketPath, {force: true})
    try {
      rmdirSync(path)
    } catch {
      // It is not there yet, or somebody put a file of theirs into it.
    }
  }
  // Before it is there: a signal may come in between.
  const holding = hold(clear)
  mkdirSync(path, {mode: 0o700})
  // Nobody waits for it, and it cannot fail.
  void removeAbandoned(parent)
  return {
    path,
    socketPath,
    async [Symbol.asyncDispose]() {
      clear()
      await holding[Symbol.asyncDispose]()
    },
  }
}

function chooseParent(): string {
  const runtime = process.env['XDG_RUNTIME_DIR']
  const folders = [...new Set([tmpdir(), ...(runtime === undefined || runtime === '' ? [] : [runtime]), '/tmp'])]
  const reasons: string[] = []
  for (const folder of folders) {
    const reason = unfitness(folder)
    if (reason === undefined) return folder
    reasons.push(`${folder}: ${reason}`)
  }
  throw new InputError(
    `there is no folder for the socket of kubectl proxy: ${reasons.join('; ')}`,
    'Let TMPDIR name a folder that you may write to and that has a short path.',
  )
}

/** Why no socket can be made below a folder; undefined when one can. */
function unfitness(folder: string): string | undefined {
  const length = Buffer.byteLength(join(folder, ownedPrefix(), SOCKET)) + RANDOM_CHARACTERS
  if (length > LONGEST_SOCKET_PATH) return `its path is too long for a socket, by ${length - LONGEST_SOCKET_PATH} bytes`
  try {
    if (!statSync(folder).isDirectory()) return 'no folder'
    accessSync(folder, constants.W_OK | constants.X_OK)
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'not there' : (error as Error).message
  }
}

/**
 * Removes folders of runs that were killed together with the guard of their kubectl. Nothing but a socket of ours and an empty folder of
 * this user goes, and no link is followed. Never fails.
 */
export async function removeAbandoned(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => [])
  for (const name of names) {
    if (!isAbandoned(name)) continue
    const folder = join(parent, name)
    try {
      const stats = await lstat(folder)
      if (!stats.isDirectory() || stats.uid !== process.getuid?.()) continue
      await unlink(join(folder, SOCKET)).catch(() => {})
      await rmdir(folder)
    } catch {
      // Another run removes it at the same time, or there is more in it than we know.
    }
  }
}
