import {randomBytes} from 'node:crypto'
import {createWriteStream, existsSync, linkSync, lstatSync, mkdirSync, renameSync, rmdirSync, rmSync, type Stats} from 'node:fs'
import {access, constants, lstat, open, stat} from 'node:fs/promises'
import {dirname, join, resolve} from 'node:path'
import {Readable} from 'node:stream'
import {pipeline} from 'node:stream/promises'
import {createGzip} from 'node:zlib'
import {InputError} from '../../core/problem/input-error.ts'
import {hold} from '../cleanup/interruption.ts'
import {ownedPrefix} from '../cleanup/owned-name.ts'
import {PART, REPLACED, removeAbandonedParts} from './abandoned-parts.ts'
import type {DumpFile} from './content.ts'
import {isDumpArchive, removeDumpFolder, whyNoDumpFolder} from './existing-dump.ts'

/** A dump tells of every pod of a cluster: it is for whoever took it. */
const FILE_MODE = 0o600
const FOLDER_MODE = 0o700

const isArchive = (path: string): boolean => /\.(?:tgz|tar\.gz)$/.test(path)

/**
 * Refuses a place where a dump cannot be put, before anything is collected.
 *
 * @throws InputError
 */
export async function checkTarget(target: string, force: boolean): Promise<void> {
  if (target === '-' || target === '')
    throw new InputError(`-o ${target}: a dump goes into a file or a folder`, 'Give a name that ends in .tgz, or a folder.')
  const path = resolve(target)
  const found = await lstat(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENAMETOOLONG') throw notWritable(target, error)
    return undefined
  })
  await demandWritable(target, dirname(path))
  if (!found) return
  if (!force) throw isThere(target)
  const reason = await whyNotReplaced(path, found).catch((error: unknown) => {
    throw notWritable(target, error)
  })
  if (reason !== undefined)
    throw new InputError(`-o ${target}: ${reason}. It is not overwritten, with --force neither`, 'Give another name.')
}

/** Why what is there does not give way to a dump, with `--force` neither. */
async function whyNotReplaced(path: string, found: Stats): Promise<string | undefined> {
  // A link gives way itself, never what it leads to.
  if (found.isSymbolicLink()) return undefined
  if (found.isDirectory()) return isArchive(path) ? 'a folder is in the place of the archive' : whyNoDumpFolder(path)
  if (!isArchive(path)) return 'a file is in the place of the folder'
  return (await isDumpArchive(path, found)) ? undefined : 'a file that is no dump'
}

/** What would fail after minutes should fail at once. A folder that is not there is made in the nearest one that is. */
async function demandWritable(target: string, folder: string): Promise<void> {
  let nearest = folder
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest)
  try {
    if (!(await stat(nearest)).isDirectory()) throw new Error(`${nearest} is no folder`)
    await access(nearest, constants.W_OK)
  } catch (error) {
    throw notWritable(target, error)
  }
}

/**
 * Writes a dump: an archive when the name ends in `.tgz` or `.tar.gz`, else a folder. It gets its name when it is whole, so
 * that an interruption or a full disk leaves nothing half done. What a dump that was killed has left in the same folder is removed.
 *
 * @returns what there is to say of that, a sentence for each
 * @throws InputError when something of that name is there and `force` is not set, or it cannot be written
 */
export async function writeDump(
  target: string,
  files: readonly DumpFile[],
  force: boolean,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const path = resolve(target)
  const parent = dirname(path)
  // Its length does not depend on the target's.
  const temporary = join(parent, `.${ownedPrefix()}${randomBytes(6).toString('hex')}${PART}`)
  const made: string[] = []
  const clear = () => {
    try {
      rmSync(temporary, {recursive: true, force: true})
    } catch {
      // The folder above it is out of reach: the reason is told already.
    }
    removeEmpty(made)
  }
  // Whoever does not want to wait ends the process in the middle.
  await using _ = hold(clear)
  try {
    await checkTarget(target, force)
    const said = removeAbandonedParts(parent)
    makeFolders(parent, made)
    if (isArchive(path)) await writeArchive(temporary, files, signal)
    else await writeFolder(temporary, files, signal)
    signal.throwIfAborted()
    if (isArchive(path)) placeFile(temporary, path, force)
    else placeFolder(temporary, path, force)
    made.length = 0
    return said
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof InputError) throw error
    throw notWritable(target, error)
  } finally {
    clear()
  }
}

/**
 * Makes a folder and those above it that are missing, each with one call: the recursive call of Node asks again without end in a file
 * system, as /proc is one, that says of new folders that there is no such path.
 *
 * @param made gets the paths of those that were made, at once
 */
function makeFolders(folder: string, made: string[]): void {
  const missing: string[] = []
  for (let each = folder; !existsSync(each) && dirname(each) !== each; each = dirname(each)) missing.unshift(each)
  for (const each of missing) {
    mkdirSync(each)
    made.push(each)
  }
}

/** Folders that were made for the dump go with it, unless somebody has put something into them. */
function removeEmpty(made: readonly string[]): void {
  for (const each of made.toReversed()) {
    try {
      rmdirSync(each)
    } catch {
      return
    }
  }
}

const NEXT = 'Check the path, the disk and the rights of the folder.'

function notWritable(target: string, error: unknown): InputError {
  const {code, message} = error as NodeJS.ErrnoException
  if (code === 'ENAMETOOLONG')
    return new InputError(`-o ${shortened(target)}: the name is too long for the file system`, 'Give a shorter one.')
  return new InputError(`-o ${target}: cannot be written: ${REASONS[code ?? ''] ?? message}`, NEXT)
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
  EACCES: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOENT: 'nothing can be made in that folder',
}

const SHOWN_CHARACTERS = 60
const shortened = (text: string): string => (text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}…`)

async function writeArchive(path: string, files: readonly DumpFile[], signal: AbortSignal): Promise<void> {
  const {createTarPacker} = await import('modern-tar')
  const {readable, controller} = createTarPacker()
  const fill = async () => {
    try {
      for (const {path: name, content} of files) {
        const size = typeof content === 'string' ? Buffer.byteLength(content) : content.sizeBytes
        const body = controller.add({name, size, type: 'file', mode: FILE_MODE, mtime: new Date()}).getWriter()
        if (typeof content === 'string') await body.write(Buffer.from(content))
        else for await (const piece of content.bytes()) await body.write(piece)
        await body.close()
      }
      controller.finalize()
    } catch (error) {
      controller.error(error)
    }
  }
  const output = createWriteStream(path, {flags: 'wx', mode: FILE_MODE, flush: true})
  await Promise.all([pipeline(Readable.fromWeb(readable as never), createGzip(), output, {signal}), fill()])
}

async function writeFolder(folder: string, files: readonly DumpFile[], signal: AbortSignal): Promise<void> {
  const made = new Set<string>()
  const make = (each: string) => {
    if (made.has(each)) return
    if (each !== folder) make(dirname(each))
    mkdirSync(each, {mode: FOLDER_MODE})
    made.add(each)
  }
  make(folder)
  for (const {path, content} of files) {
    const file = join(folder, path)
    make(dirname(file))
    const bytes = typeof content === 'string' ? [content] : content.bytes()
    await pipeline(bytes, createWriteStream(file, {flags: 'wx', mode: FILE_MODE}), {signal})
  }
  // What a crash of the machine leaves under the name is whole. Windows has no such call for folders.
  if (process.platform === 'win32') return
  const handle = await open(folder)
  await handle.sync()
  await handle.close()
}

const isThere = (target: string): InputError =>
  new InputError(`-o ${target}: it is there already`, 'Give another name, or overwrite it with --force.')

/** Gives a file its name. Somebody may have taken it meanwhile: a link never overwrites. */
function placeFile(temporary: string, path: string, force: boolean): void {
  if (force) return renameSync(temporary, path)
  try {
    linkSync(temporary, path)
  } catch (error) {
    if (existsSync(path)) throw isThere(path)
    // Not every file system has links.
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    renameSync(temporary, path)
  }
}

/** Gives a folder its name. All steps in one go: no signal of a person comes between them. */
function placeFolder(temporary: string, path: string, force: boolean): void {
  const found = lstatSync(path, {throwIfNoEntry: false})
  if (!found) return renameSync(temporary, path)
  if (!force) throw isThere(path)
  const replaced = `${temporary}${REPLACED}`
  renameSync(path, replaced)
  try {
    // Nobody knows its new name: what is in it now is what will be removed.
    const reason = found.isDirectory() ? whyNoDumpFolder(replaced) : undefined
    if (reason !== undefined) throw new InputError(`-o ${path}: ${reason}. It is not overwritten`, 'Give another name.')
    renameSync(temporary, path)
  } catch (error) {
    renameSync(replaced, path)
    throw error
  }
  if (found.isDirectory()) removeDumpFolder(replaced)
  else rmSync(replaced, {force: true})
}
