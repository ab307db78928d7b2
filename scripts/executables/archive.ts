import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {gzip} from 'node:zlib'
import {packTar} from 'modern-tar'
import {nodeLicense} from '../platforms/runtimes.ts'
import type {Platform} from './platforms.ts'

/** Of every file in an archive, so that the same files make the same archive. */
const TIME = new Date('2000-01-01T00:00:00Z')

/** What kubectl runs as kubectl_complete-npm: a link would do, but krew unpacks none, and Windows makes none for everybody. */
const COMPLETERS = {
  'kubectl-npm': '#!/bin/sh\nexec "${0%/*}/kubectl-npm" __complete "$@"\n',
  'kubectl-npm.exe': '@"%~dp0kubectl-npm.exe" __complete %*\r\n',
}

interface Entry {
  readonly name: string
  readonly body: string | Uint8Array<ArrayBuffer>
  readonly isProgram?: true
}

/**
 * Packs an executable with its licences as a tar.gz.
 *
 * @param bundle     as `makeBundle` makes it
 * @param executable its path
 */
export async function writeArchive(platform: Platform, bundle: string, executable: string, output: string): Promise<void> {
  const root = join(import.meta.dirname, '../..')
  const entries: Entry[] = [
    {name: 'LICENSE', body: await readFile(join(root, 'LICENSE'))},
    {name: 'NODE-LICENSE.txt', body: await readFile(await nodeLicense())},
    {name: 'THIRD-PARTY-LICENSES.txt', body: await readFile(join(bundle, 'THIRD-PARTY-LICENSES.txt'))},
    {name: platform.program, body: await readFile(executable), isProgram: true},
    {name: platform.completer, body: COMPLETERS[platform.program], isProgram: true},
  ]
  const tar = await packTar(
    entries.map(({name, body, isProgram = false}) => ({
      header: {name, size: Buffer.byteLength(body), mode: isProgram ? 0o755 : 0o644, mtime: TIME, uid: 0, gid: 0},
      body,
    })),
  )
  await writeFile(output, await promisify(gzip)(tar))
}
