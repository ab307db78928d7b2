import {describe, expect, test} from 'vitest'
import {driftOf, matrixOf, nodeOf, renamed, translationOf, unchanged} from '../../support/redact/answers.ts'
import {documentsOf, folders} from '../../support/redact/folders.ts'
import {redactDocuments} from '../../support/redact/redact-documents.ts'

test.each(folders.filter(folder => folder.includes('/v1')))('%s, also when the new names sort in another order', async folder => {
  const documents = await documentsOf(folder)
  const before = await nodeOf(documents)
  for (const seed of [2, 3, 4, 5, 6]) {
    const {documents: redacted, redaction} = await redactDocuments(documents, seed)
    const names = renamed(redaction)
    expect(driftOf(await nodeOf(redacted), unchanged)).toEqual(driftOf(before, names))
  }
})

describe.each(folders)('%s', folder => {
  test('says the same in other words', async () => {
    const documents = await documentsOf(folder)
    const {documents: redacted, redaction, leftOut} = await redactDocuments(documents)
    const before = await nodeOf(documents)
    const names = renamed(redaction)
    const after = await nodeOf(redacted)
    expect(leftOut).toEqual([])
    expect(translationOf(after, unchanged)).toEqual(translationOf(before, names))
    expect(matrixOf(after, unchanged)).toEqual(matrixOf(before, names))
    expect(driftOf(after, unchanged)).toEqual(driftOf(before, names))
  })
})
