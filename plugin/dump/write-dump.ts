import {randomUUID} from 'node:crypto'
import {existsSync} from 'node:fs'
import {mkdir, rename, rm, writeFile} from 'node:fs/promises'
import {dirname, join, resolve} from 'node:path'
import {promisify} from 'node:util'
import {gzip} from 'node:zlib'
import {InputError} from '../../core/input-error.ts'

/** A file of a dump, by its path in it. */
export interface DumpFile {
  readonly path: string
  readonly content: string
}

/**
 * Writes a dump: an archive when the name ends in `.tgz` or `.tar.gz`, else a folder. It gets its name when it is whole, so
 * that an interruption or a full disk leaves nothing half done.
 *
 * @throws InputError when something of that name is there, or it cannot be written
 */
export async function writeDump(target: string, files: readonly DumpFile[]): Promise<void> {
  const path = resolve(target)
  if (existsSync(path)) throw new InputError(`-o ${target}: it is there already`, 'Give another name, or remove it first.')
  const temporary = join(dirname(path), `.${randomUUID()}`)
  try {
    await mkdir(dirname(path), {recursive: true})
    if (/\.(?:tgz|tar\.gz)$/.test(path)) await writeFile(temporary, await archive(files), {mode: 0o600})
    else await writeFolder(temporary, files)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, {recursive: true, force: true})
    throw new InputError(
      `-o ${target}: cannot be written: ${(error as Error).message}`,
      'Check the disk and the rights of the folder.',
    )
  }
}

async function archive(files: readonly DumpFile[]): Promise<Uint8Array> {
  const {packTar} = await import('modern-tar')
  const entries = files.map(({path, content}) => {
    const body = Buffer.from(content)
    return {header: {name: path, size: body.length, type: 'file' as const, mode: 0o600}, body: new Uint8Array(body)}
  })
  return promisify(gzip)(await packTar(entries))
}

async function writeFolder(folder: string, files: readonly DumpFile[]): Promise<void> {
  for (const {path, content} of files) {
    await mkdir(dirname(join(folder, path)), {recursive: true, mode: 0o700})
    await writeFile(join(folder, path), content, {mode: 0o600})
  }
}
