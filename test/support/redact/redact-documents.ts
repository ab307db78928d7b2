import type {DumpDocument} from '../../../core/dump/model.ts'
import {readDocument} from '../../../core/dump/read-document.ts'
import {printObjects} from '../../../core/kubernetes/print-objects.ts'
import {rewriteDocument} from '../../../core/redact/document.ts'
import {Learner} from '../../../core/redact/learner.ts'
import type {Redaction} from '../../../core/redact/redaction.ts'

/** Any bytes will do for a test, as long as they are the same for the same seed. */
const keyOf = (seed: number): Uint8Array => Uint8Array.from({length: 32}, (_, index) => (seed * 31 + index * 7) & 255)

/** One node's documents redacted, each under its name. */
export async function redactDocuments(
  documents: readonly DumpDocument[],
  seed = 1,
): Promise<{redaction: Redaction; documents: DumpDocument[]; leftOut: string[]}> {
  const learner = new Learner()
  await learner.addNode('unknown', documents)
  const redaction = await learner.settle(keyOf(seed))
  const leftOut: string[] = []
  const redacted: DumpDocument[] = []
  for (const document of documents) {
    const read = await readDocument(document)
    // Objects in YAML become JSON, as in a dump.
    const rewritten =
      read.kind === 'cluster'
        ? {text: printObjects(redaction.objects.rewrite(read.objects))}
        : rewriteDocument(redaction, document.text, document.kind)
    if ('leftOut' in rewritten) leftOut.push(document.name)
    else redacted.push({...document, text: [...rewritten.text]})
  }
  return {redaction, documents: redacted, leftOut}
}
