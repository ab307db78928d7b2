import {readdirSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import type {DumpDocument} from '../../../core/dump/model.ts'
import {readFiles} from '../../../plugin/source/read-files.ts'

const fixtures = new URL('../../fixtures/', import.meta.url)

/** Every folder of the fixtures with the dump of one node. */
export const folders = ['captures', 'real-npm', 'measured', 'compile', '.'].flatMap(group =>
  readdirSync(new URL(`${group}/`, fixtures), {withFileTypes: true})
    .filter(entry => entry.isDirectory() && (group !== '.' || entry.name === 'drifted'))
    .map(entry => join(group, entry.name)),
)

/** The documents of one of them, without notes and what was measured. */
export async function documentsOf(folder: string): Promise<DumpDocument[]> {
  const {documents} = await readFiles([fileURLToPath(new URL(folder, fixtures))])
  return documents.filter(({name}) => !/README|\.csv$|sets\.json$/.test(name))
}
