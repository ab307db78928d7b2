import {readdirSync, readFileSync} from 'node:fs'
import {join, relative} from 'node:path'
import {execa} from 'execa'
import type {DumpManifest} from '../../../core/contract/dump.ts'
import {dumpSchema} from '../../../core/contract/dump.ts'

/** All files below a folder, by path. */
export const filesIn = (folder: string): Map<string, Buffer> =>
  new Map(
    readdirSync(folder, {recursive: true, withFileTypes: true})
      .filter(entry => entry.isFile())
      .map(({parentPath, name}) => join(parentPath, name))
      .toSorted()
      .map(path => [relative(folder, path), readFileSync(path)]),
  )

export const manifestOf = (files: ReadonlyMap<string, Buffer>): DumpManifest =>
  dumpSchema.parse(JSON.parse((files.get('dump.json') as Buffer).toString()))

/** Unpacks an archive with a tar that is not ours. */
export async function unpack(archive: string, folder: string): Promise<Map<string, Buffer>> {
  await execa('mkdir', ['-p', folder])
  await execa('tar', ['-xzf', archive, '-C', folder])
  return filesIn(folder)
}
