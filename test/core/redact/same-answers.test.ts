import {readdirSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {describe, expect, test} from 'vitest'
import {readFiles} from '../../../plugin/source/read-files.ts'
import {driftOf, matrixOf, nodeOf, renamed, translationOf, unchanged} from './answers.ts'
import {fixtures, redactDocuments} from './redact-documents.ts'

/** Every folder of the fixtures with the dump of one node. */
export const folders = ['captures', 'real-npm', 'measured', 'compile', '.'].flatMap(group =>
  readdirSync(new URL(`${group}/`, fixtures), {withFileTypes: true})
    .filter(entry => entry.isDirectory() && (group !== '.' || entry.name === 'drifted'))
    .map(entry => join(group, entry.name)),
)

const documentsOf = async (folder: string) => {
  const {documents} = await readFiles([fileURLToPath(new URL(folder, fixtures))])
  // Notes, and what was measured.
  return documents.filter(({name}) => !/README|\.csv$|sets\.json$/.test(name))
}

describe.each(folders)('%s', folder => {
  test('says the same in other words', async () => {
    const documents = await documentsOf(folder)
    const {documents: redacted, redaction, leftOut} = await redactDocuments(documents)
    const before = await nodeOf(documents)
    const names = renamed(redaction, before.sets?.keys() ?? [])
    const after = await nodeOf(redacted)
    expect(leftOut).toEqual([])
    expect(translationOf(after, unchanged)).toEqual(translationOf(before, names))
    expect(matrixOf(after, unchanged)).toEqual(matrixOf(before, names))
    expect(driftOf(after, unchanged)).toEqual(driftOf(before, names))
  })
})
