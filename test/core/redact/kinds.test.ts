import {expect, test} from 'vitest'
import {dataPlanes} from '../../../core/dataplanes.ts'
import {documentKinds, kindRow} from '../../../core/dump/document-kind.ts'
import {rewriteDocument} from '../../../core/redact/document.ts'
import {redactDocuments} from '../../support/redact/redact-documents.ts'

test('every kind of text is redacted, by a row of the table or by its data plane', async () => {
  const {redaction} = await redactDocuments([])
  const byPlane = documentKinds.filter(kind => redaction.lines.has(kind))
  expect(byPlane).toEqual(['ip6tables-save', 'iptables-save', 'ipset-save', 'ipset-list'])
  expect(documentKinds.filter(kind => kindRow(kind).redaction === undefined)).toEqual(byPlane)
  for (const {documentKinds: kinds} of dataPlanes) for (const kind of kinds) expect(byPlane).toContain(kind)
})

test.each(documentKinds)('nothing of a name is left in a text of kind %s', async kind => {
  const {redaction} = await redactDocuments([])
  const rewritten = rewriteDocument(redaction, ['contoso-bakery said so\n'], kind)
  const text = 'text' in rewritten ? [...rewritten.text].join('') : rewritten.leftOut
  expect(text).not.toContain('contoso')
})
