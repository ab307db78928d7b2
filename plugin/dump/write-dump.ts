import {randomUUID} from 'node:crypto'
import {createWriteStream, existsSync, linkSync, renameSync, rmdirSync, rmSync} from 'node:fs'
import {access, constants, mkdir, open, readdir, stat} from 'node:fs/promises'
import {basename, dirname, join, resolve} from 'node:path'
import {Readable} from 'node:stream'
import {pipeline} from 'node:stream/promises'
import {createGzip} from 'node:zlib'
import {dumpFiles} from '../../core/dump/layout.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {DumpFile} from './content.ts'

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
  await demandWritable(target, dirname(path))
  const found = await stat(path).catch(() => undefined)
  if (!found) return
  if (!force) throw new InputError(`-o ${target}: it is there already`, 'Give another name, or overwrite it with --force.')
  if (found.isDirectory() && (isArchive(path) || !(await isDump(path))))
    throw new InputError(`-o ${target}: a folder that is no dump is not overwritten, with --force neither`, 'Give another name.')
  if (!found.isDirectory() && !isArchive(path))
    throw new InputError(`-o ${target}: a file is in the place of the folder`, 'Give another name, or one that ends in .tgz.')
}

/** What would fail after minutes should fail at once. A folder that is not there is made in the nearest one that is. */
async function demandWritable(target: string, folder: string): Promise<void> {
  let nearest = folder
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest)
  try {
    if (!(await stat(nearest)).isDirectory()) throw new Error(`${nearest} is no folder`)
    await access(nearest, constants.W_OK)
  } catch (error) {
    throw new InputError(`-o ${target}: cannot be written: ${reasonOf(error)}`, 'Check the path and the rights of the folder.')
  }
}

/** Whether a folder may be lost for a dump: an earlier dump, or nothing in it. */
async function isDump(folder: string): Promise<boolean> {
  return existsSync(join(folder, dumpFiles.manifest)) || (await readdir(folder)).length === 0
}

/**
 * Writes a dump: an archive when the name ends in `.tgz` or `.tar.gz`, else a folder. It gets its name when it is whole, so
 * that an interruption or a full disk leaves nothing half done.
 *
 * @throws InputError when something of that name is there and `force` is not set, or it cannot be written
 */
export async function writeDump(target: string, files: readonly DumpFile[], force: boolean, signal: AbortSignal): Promise<void> {
  const path = resolve(target)
  const parent = dirname(path)
  const temporary = join(parent, `.${basename(path)}.${randomUUID()}.part`)
  let made: string | undefined
  const clear = () => {
    for (const left of [temporary, replacedBy(temporary)]) rmSync(left, {recursive: true, force: true})
    if (made !== undefined) removeEmpty(parent, made)
  }
  // Whoever does not want to wait ends the process in the middle.
  process.once('exit', clear)
  try {
    await checkTarget(target, force)
    made = await mkdir(parent, {recursive: true})
    if (isArchive(path)) await writeArchive(temporary, files, signal)
    else await writeFolder(temporary, files, signal)
    signal.throwIfAborted()
    if (isArchive(path)) placeFile(temporary, path, force)
    else placeFolder(temporary, path, force)
    made = undefined
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof InputError) throw error
    throw new InputError(`-o ${target}: cannot be written: ${reasonOf(error)}`, 'Check the disk and the rights of the folder.')
  } finally {
    clear()
    process.off('exit', clear)
  }
}

const replacedBy = (temporary: string): string => `${temporary}.old`

/** Folders that were made for the dump go with it; others are not empty, or were there. */
function removeEmpty(folder: string, first: string): void {
  for (let each = folder; each.startsWith(first); each = dirname(each)) {
    try {
      rmdirSync(each)
    } catch {
      return
    }
  }
}

function reasonOf(error: unknown): string {
  const {code, message} = error as NodeJS.ErrnoException
  if (code === 'ENOSPC') return 'the disk is full'
  return code === 'EACCES' ? 'permission denied' : message
}

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
  for (const {path, content} of files) {
    const file = join(folder, path)
    await mkdir(dirname(file), {recursive: true, mode: FOLDER_MODE})
    const bytes = typeof content === 'string' ? [content] : content.bytes()
    await pipeline(bytes, createWriteStream(file, {flags: 'wx', mode: FILE_MODE}), {signal})
  }
  // What a crash of the machine leaves under the name is whole.
  const handle = await open(folder)
  await handle.sync()
  await handle.close()
}

const isThere = (path: string): InputError =>
  new InputError(`-o ${path}: it is there already`, 'Give another name, or overwrite it with --force.')

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

/** Gives a folder its name. Both steps in one go: no signal of a person comes between them. */
function placeFolder(temporary: string, path: string, force: boolean): void {
  if (!existsSync(path)) return renameSync(temporary, path)
  if (!force) throw isThere(path)
  renameSync(path, replacedBy(temporary))
  try {
    renameSync(temporary, path)
  } catch (error) {
    renameSync(replacedBy(temporary), path)
    throw error
  }
}
