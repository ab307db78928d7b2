import {chmod, mkdir, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {promisify} from 'node:util'
import {gzip} from 'node:zlib'
import {packTar} from 'modern-tar'
import {nodeLicense} from '../platforms/runtimes.ts'
import {executableBill} from './bill-of-materials.ts'
import type {Platform} from './platforms.ts'

/** Of every file in an archive, so that the same files make the same archive. */
const TIME = new Date('2000-01-01T00:00:00Z')

/** What kubectl runs as kubectl_complete-npm: a link would do, but krew unpacks none, and Windows makes none for everybody. */
const COMPLETERS = {
  'kubectl-npm': '#!/bin/sh\nexec "${0%/*}/kubectl-npm" __complete "$@"\n',
  'kubectl-npm.exe': '@"%~dp0kubectl-npm.exe" __complete %*\r\n',
}

/** A file that people get: one that is here, or its content. */
export interface Shipped {
  readonly name: string
  readonly mode: 0o644 | 0o755
  readonly from: {readonly path: string} | {readonly text: string}
}

/**
 * What belongs to an executable when it is given to people: licences, its man page, what it is made of, itself, and
 * what completes.
 *
 * @param bundle     as `makeBundle` makes it
 * @param executable its path
 */
export async function shipmentOf(platform: Platform, bundle: string, executable: string): Promise<readonly Shipped[]> {
  const root = join(import.meta.dirname, '../..')
  // Windows has no program that shows them.
  const pages = platform.program.endsWith('.exe') ? [] : (await readdir(join(root, 'man'))).toSorted()
  return [
    {name: 'LICENSE', mode: 0o644, from: {path: join(root, 'LICENSE')}},
    {name: 'NODE-LICENSE.txt', mode: 0o644, from: {path: await nodeLicense()}},
    {name: 'THIRD-PARTY-LICENSES.txt', mode: 0o644, from: {path: join(bundle, 'THIRD-PARTY-LICENSES.txt')}},
    {name: 'sbom.cdx.json', mode: 0o644, from: {text: await executableBill(platform, bundle)}},
    ...pages.map(name => ({name: `man/man1/${name}`, mode: 0o644, from: {path: join(root, 'man', name)}}) as const),
    {name: platform.program, mode: 0o755, from: {path: executable}},
    {name: platform.completer, mode: 0o755, from: {text: COMPLETERS[platform.program]}},
  ]
}

const contentOf = async ({from}: Shipped): Promise<Buffer<ArrayBuffer>> =>
  'path' in from ? readFile(from.path) : Buffer.from(from.text)

/** Packs files as a tar.gz, which krew takes too. */
export async function writeArchive(files: readonly Shipped[], output: string): Promise<void> {
  const entries = await Promise.all(
    files.map(async file => {
      const body = await contentOf(file)
      return {header: {name: file.name, size: body.length, mode: file.mode, mtime: TIME, uid: 0, gid: 0}, body}
    }),
  )
  await writeFile(output, await promisify(gzip)(await packTar(entries)))
}

/** Puts the same files into a folder, which may be there. */
export async function writeFolder(files: readonly Shipped[], folder: string): Promise<void> {
  for (const file of files) {
    const path = join(folder, file.name)
    await mkdir(dirname(path), {recursive: true})
    await rm(path, {force: true})
    await writeFile(path, await contentOf(file), {mode: file.mode})
    // Whatever the umask is.
    await chmod(path, file.mode)
  }
}
