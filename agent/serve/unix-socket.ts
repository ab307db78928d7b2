import {randomBytes} from 'node:crypto'
import {once} from 'node:events'
import {chmod, lchown, lstat, mkdir, readdir, rename, rm} from 'node:fs/promises'
import {connect, type Server} from 'node:net'
import {basename, dirname, join} from 'node:path'
import {InputError} from '../../core/problem/input-error.ts'

export interface UnixSocketOptions {
  readonly path: string
  /** The flag that gives the path or its folder, for what an error says. */
  readonly flag: string
  /** A group that may open it. Without one only this user can, and nobody else can enter the folder. */
  readonly group?: number
}

/** A socket that a server listens on. */
export interface UnixSocket {
  readonly path: string
  /** Why the group cannot open it: this process may not give files to that group. */
  readonly groupFailure: string | undefined
  /** Whether the path still leads to this socket. Somebody may have removed it, or put another one there. */
  isInPlace(): Promise<boolean>
  /** Removes it, unless another one stands in its place. */
  remove(): Promise<void>
}

/** The disk has no room for a socket. */
export class FullDiskError extends InputError {}

/**
 * Listens on a unix socket. The folder is made when it is missing. One that is empty or holds nothing but sockets is closed to
 * others; one that holds more is left as it is. The socket comes to its path in one step, when its rights are set.
 *
 * @param server one that does not listen yet
 * @throws InputError when somebody answers at the path, when others may put a socket of theirs there, or when it cannot be made
 * @throws FullDiskError
 */
export async function listenUnix(server: Server, {path, flag, group}: UnixSocketOptions): Promise<UnixSocket> {
  const folder = dirname(path)
  try {
    const folderFailure = await openFolder(path, flag, group)
    if (await isAnswered(path))
      throw new InputError(
        `another npm-agent answers at ${path}`,
        `One is enough for a node. Give this one a folder of its own with ${flag}.`,
      )
    const made = join(folder, `${hidden(path)}${randomBytes(4).toString('hex')}`)
    await once(listenForOwner(server, made), 'listening')
    const groupFailure = folderFailure ?? (await share(made, {owner: 0o600, group: 0o660}, group))
    const {ino, dev} = await lstat(made)
    await rename(made, path)
    const isInPlace = async () => {
      const found = await lstat(path).catch(() => undefined)
      return found?.ino === ino && found.dev === dev
    }
    return {
      path,
      groupFailure,
      isInPlace,
      remove: async () => {
        if (await isInPlace()) await rm(path, {force: true})
      },
    }
  } catch (error) {
    server.close()
    if (error instanceof InputError) throw error
    const {code, message} = error as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT')
      throw new FullDiskError(
        `the disk has no room for ${path}: ${message}`,
        `Make room: df ${folder} and df -i ${folder} show what is taken. Or give another place with ${flag}.`,
      )
    throw new InputError(`cannot open ${path}: ${message}`, `The agent needs a folder that it may write to: ${flag}`)
  }
}

/**
 * Whether a process listens at a unix socket. A killed process leaves its socket behind, and nobody answers there. A process
 * that is too busy to accept, with as many waiting as may, is there all the same.
 */
export function isAnswered(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path)
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => end(true))
    socket.once('error', ({code}: NodeJS.ErrnoException) => end(code === 'EAGAIN'))
  })
}

/** How the name of a socket begins while it is made. */
const hidden = (path: string): string => `.${basename(path)}.`

/** @returns why the group cannot enter it */
async function openFolder(path: string, flag: string, group: number | undefined): Promise<string | undefined> {
  const folder = dirname(path)
  await mkdir(folder, {recursive: true, mode: 0o700})
  const found = await lstat(folder)
  const refuse = (what: string) =>
    new InputError(`${folder} ${what}, who could put a socket of theirs into it`, `Give a folder of its own with ${flag}.`)
  if (!found.isDirectory()) throw refuse('is a link, and may lead to a folder of others')
  if (found.uid !== process.geteuid?.()) throw refuse(`belongs to user ${found.uid}`)
  const entries = await readdir(folder, {withFileTypes: true})
  const failure = entries.every(entry => entry.isSocket()) ? await share(folder, {owner: 0o700, group: 0o750}, group) : undefined
  // Of a process that was killed while it made a socket.
  for (const {name} of entries) if (name.startsWith(hidden(path))) await rm(join(folder, name), {force: true})
  if (((await lstat(folder)).mode & 0o022) !== 0) throw refuse('may be written to by others')
  return failure
}

/** Gives a file to a group, or to nobody but its owner. @returns why the group did not get it */
async function share(
  path: string,
  modes: {readonly owner: number; readonly group: number},
  group: number | undefined,
): Promise<string | undefined> {
  let failure: string | undefined
  if (group !== undefined)
    await lchown(path, process.geteuid?.() ?? 0, group).catch((error: Error) => {
      failure = error.message
    })
  await chmod(path, group === undefined || failure !== undefined ? modes.owner : modes.group)
  return failure
}

/** The socket is made by the call itself, so that there is no moment at which others can open it. */
function listenForOwner(server: Server, path: string): Server {
  const before = process.umask(0o177)
  try {
    return server.listen(path)
  } finally {
    process.umask(before)
  }
}
