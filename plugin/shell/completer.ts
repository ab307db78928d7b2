import {chmod, constants, lstat, open, realpath, rm} from 'node:fs/promises'
import {dirname, join, resolve} from 'node:path'
import {InputError} from '../../core/problem/input-error.ts'
import {pathFolders, programOnPath} from '../programs/program-path.ts'
import {reasonOf} from '../source/reason.ts'

const isWindows = process.platform === 'win32'
/** kubectl looks for this name. */
const NAME = 'kubectl_complete-npm'
const FILE = isWindows ? `${NAME}.cmd` : NAME
/** It names kubectl-npm without a folder: the one on PATH is the one that kubectl runs, too. */
const TEXT = isWindows ? '@kubectl-npm __complete %*\r\n' : '#!/bin/sh\nexec kubectl-npm __complete "$@"\n'
/** Scripts are shorter, and an executable is not read whole. */
const HEAD_BYTES = 4096

/** Whose a file of the completer's name is: `made` by `installCompleter`, `ours` when it came along with the program. */
type Origin = 'absent' | 'made' | 'ours' | 'foreign'

/** The two programs on PATH, as paths. */
export interface Completion {
  readonly program: string | undefined
  readonly completer: string | undefined
  /** Whether kubectl gets completions by them. */
  readonly isUsable: boolean
}

/** A file, and whether something was done to it. */
export interface Change {
  readonly path: string
  readonly isDone: boolean
}

/** Looks for both programs on PATH. */
export async function findCompletion(): Promise<Completion> {
  const program = programOnPath('kubectl-npm')
  const completer = programOnPath(NAME)
  const isUsable = program !== undefined && completer !== undefined && (await originOf(completer, program)) !== 'foreign'
  return {program, completer, isUsable}
}

/**
 * Makes kubectl_complete-npm, unless one of kubectl npm is found on PATH already.
 *
 * @param folder where; without it, beside the kubectl-npm that is on PATH
 * @throws InputError when kubectl would not find it, when a file of others has its place, and when it cannot be written
 */
export async function installCompleter(folder: string | undefined): Promise<Change> {
  const program = requireProgram()
  const target = folder ?? dirname(program)
  const path = join(target, FILE)
  const place = await placeOnPath(target)
  if (place < 0)
    throw new InputError(
      `--dir ${target} is not on PATH, where kubectl looks for ${NAME}`,
      'Add it to PATH, or choose a folder that is on it.',
    )
  const origin = await originOf(path, program)
  if (origin === 'foreign') throw inTheWay(path)
  const found = programOnPath(NAME)
  if (found !== undefined) {
    if ((await originOf(found, program)) !== 'foreign') return {path: found, isDone: false}
    // What stands behind it would be made, and only the other one be run.
    if ((await placeOnPath(dirname(found))) < place) throw inTheWay(found)
  }
  try {
    // Somebody has taken the right to run it away.
    if (origin !== 'absent') await chmod(path, 0o755)
    else await writeNew(path)
  } catch (error) {
    throw unwritable(path, error)
  }
  return {path, isDone: true}
}

/**
 * Removes kubectl_complete-npm if `installCompleter` has made it.
 *
 * @param folder where; without it, beside the kubectl-npm that is on PATH
 * @throws InputError for a file that somebody else made or that came along with the program, and when it cannot be removed
 */
export async function uninstallCompleter(folder: string | undefined): Promise<Change> {
  const program = folder === undefined ? requireProgram() : programOnPath('kubectl-npm')
  const path = join(folder ?? dirname(program ?? ''), FILE)
  const origin = await originOf(path, program)
  if (origin === 'absent') return {path, isDone: false}
  if (origin === 'foreign')
    throw new InputError(`${path} is not of kubectl npm`, 'It stays. Remove it by hand if nobody needs it.')
  if (origin === 'ours')
    throw new InputError(`${path} was not made by --install: it came along with the program`, 'It goes with the program.')
  try {
    await rm(path)
  } catch (error) {
    throw unwritable(path, error)
  }
  return {path, isDone: true}
}

function requireProgram(): string {
  const program = programOnPath('kubectl-npm')
  if (program !== undefined) return program
  throw new InputError(
    'kubectl-npm is not on PATH, where kubectl looks for it',
    'Add the folder of kubectl-npm to PATH, and say it again.',
  )
}

/**
 * @param program the kubectl-npm on PATH; a link to the same file is the completer, too
 * Source: what the build, the archives of executables and npm on Windows put there
 */
async function originOf(path: string, program: string | undefined): Promise<Origin> {
  // A link to nowhere is a file of others, too.
  const isThere = await lstat(path).then(
    () => true,
    () => false,
  )
  if (!isThere) return 'absent'
  try {
    const head = await headOf(path)
    if (head === TEXT) return 'made'
    if (/kubectl[ -]npm(?:\.exe)?"? __complete |kubectl_complete-npm(?:\.js'|" )/.test(head)) return 'ours'
    return program !== undefined && (await realpath(path)) === (await realpath(program)) ? 'ours' : 'foreign'
  } catch {
    return 'foreign'
  }
}

async function headOf(path: string): Promise<string> {
  // Without O_NONBLOCK a pipe that nobody writes into would be waited for.
  await using file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  const {buffer, bytesRead} = await file.read(Buffer.alloc(HEAD_BYTES))
  return buffer.toString('utf8', 0, bytesRead)
}

/** All of it, or nothing; never in the place of another file. */
async function writeNew(path: string): Promise<void> {
  await using file = await open(path, 'wx', 0o755)
  await file.writeFile(TEXT).catch(async error => {
    await rm(path, {force: true})
    throw error
  })
}

/** The place of a folder on PATH, which may name it by a link or with a slash behind. */
async function placeOnPath(folder: string): Promise<number> {
  const real = async (path: string) => realpath(path).catch(() => resolve(path))
  const folders = await Promise.all(pathFolders().map(real))
  return folders.indexOf(await real(folder))
}

const inTheWay = (path: string): InputError =>
  new InputError(`${path} is there already, and not of kubectl npm`, [
    'Look at it, and remove it if nobody needs it.',
    'kubectl runs the first one on PATH: --dir FOLDER chooses a folder before it.',
  ])

const unwritable = (path: string, error: unknown): InputError =>
  new InputError(`${path}: ${reasonOf(error)}`, [
    `Do it as somebody who may write to ${dirname(path)}, or choose another folder on PATH with --dir FOLDER.`,
  ])
