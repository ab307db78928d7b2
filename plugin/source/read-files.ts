import {type Dirent, type Stats} from 'node:fs'
import {readdir, stat} from 'node:fs/promises'
import {basename, dirname, join} from 'node:path'
import type {DumpDocument} from '../../core/dump/model.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {decodeText} from '../../core/text/decode.ts'
import {type Content, readContent, unpackGzip} from '../bytes/read-bytes.ts'

interface ReadFiles {
  readonly documents: DumpDocument[]
  readonly problems: Problem[]
}

/**
 * Reads what a flag names: folders with all files below them, `.tgz` archives, single files, `-` for standard input.
 *
 * @param flag as the person gave it, for errors
 * @throws InputError when a path cannot be read at all
 */
export async function readFiles(paths: readonly string[], flag: '--from' | '-f' = '--from'): Promise<ReadFiles> {
  const all: ReadFiles = {documents: [], problems: []}
  for (const path of paths) {
    const stats = path === '-' ? undefined : await statOf(path, flag)
    if (stats?.isDirectory()) await readFolder(path, flag, all)
    else await readGivenFile(path, flag, all)
  }
  return all
}

async function statOf(path: string, flag: string): Promise<Stats> {
  try {
    return await stat(path)
  } catch (error) {
    throw new InputError(
      `${flag} ${path}: ${reasonOf(error)}`,
      'Check the path. A folder, a .tgz, a file, or - for standard input can be given.',
    )
  }
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOENT') return 'no such file or folder'
  if (code === 'EACCES') return 'permission denied'
  if (code === 'EISDIR') return 'is a folder'
  return error instanceof Error ? error.message : String(error)
}

async function readGivenFile(path: string, flag: string, all: ReadFiles): Promise<void> {
  const name = path === '-' ? 'stdin' : path
  const content = await readContent(path).catch((error: unknown) => {
    throw new InputError(`${flag} ${name}: ${reasonOf(error)}`, 'Check the path and its rights.')
  })
  await addContent(content, name, '', all)
}

async function readFolder(folder: string, flag: string, all: ReadFiles): Promise<void> {
  let entries: Dirent[]
  try {
    entries = await readdir(folder, {recursive: true, withFileTypes: true})
  } catch (error) {
    throw new InputError(`${flag} ${folder}: ${reasonOf(error)}`, 'Check the rights of the folder.')
  }
  const files = entries.filter(entry => entry.isFile() && !entry.name.startsWith('.'))
  // One order on every machine: problems and ties must not depend on the file system.
  for (const file of files.toSorted((a, b) => (join(a.parentPath, a.name) < join(b.parentPath, b.name) ? -1 : 1))) {
    const path = join(file.parentPath, file.name)
    try {
      await addContent(await readContent(path), path, file.parentPath, all)
    } catch (error) {
      if (error instanceof InputError) throw error
      all.problems.push(unreadable(path, error))
    }
  }
}

function unreadable(file: string, error: unknown): Problem {
  return {code: 'UNREADABLE_FILE', file, message: `cannot be read: ${reasonOf(error)}`, next: 'It is left out. Check its rights.'}
}

async function addContent(content: Content, name: string, folder: string, all: ReadFiles): Promise<void> {
  if (content.kind === 'text') {
    all.documents.push({name, folder, text: content.text})
    return
  }
  const unpacked = await unpackGzip(content.bytes, name)
  all.problems.push(...unpacked.problems)
  if (isTar(unpacked.bytes)) await readArchive(unpacked.bytes, name, all)
  else all.documents.push({name, folder, text: decodeText(unpacked.bytes)})
}

const TAR_MAGIC_AT = 257
const isTar = (bytes: Uint8Array): boolean => new TextDecoder().decode(bytes.subarray(TAR_MAGIC_AT, TAR_MAGIC_AT + 5)) === 'ustar'

/** Entries are taken one by one, so that those before a damaged place are kept. Nothing is written to disk. */
async function readArchive(bytes: Uint8Array, name: string, all: ReadFiles): Promise<void> {
  const {createTarDecoder} = await import('modern-tar')
  const source = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes)
      controller.close()
    },
  })
  try {
    for await (const {header, body} of source.pipeThrough(createTarDecoder())) {
      const content = new Uint8Array(await new Response(body).arrayBuffer())
      if (header.type !== 'file' || basename(header.name).startsWith('.')) continue
      const folder = `${name}/${dirname(header.name)}`
      all.documents.push({name: `${name}/${header.name}`, folder, text: decodeText(content)})
    }
  } catch (error) {
    all.problems.push({
      code: 'TRUNCATED_FILE',
      file: name,
      message: `the archive is damaged or cut off (${reasonOf(error)}); the files before the damage are read`,
      next: 'Copy the archive again; compare its size with the original.',
    })
  }
}
