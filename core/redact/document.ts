import {detectJsonKind, detectKind} from '../dump/detect-kind.ts'
import {type DocumentKind, kindRow} from '../dump/document-kind.ts'
import {checkJsonMemory} from '../dump/parsed-size.ts'
import {objectKinds} from '../kubernetes/given-objects.ts'
import {printObjects} from '../kubernetes/print-objects.ts'
import {readClusterObjects} from '../kubernetes/read-objects.ts'
import {eachLine, type Text} from '../text/lines.ts'
import type {Redaction} from './redaction.ts'

const CHUNK_CHARACTERS = 64 * 1024
/** Characters. No tool prints longer lines, so a longer one is left out. */
const LONGEST_LINE = 64 * 1024

/** A document's new text in pieces, or why it has to be left out. */
export type Rewritten = {readonly text: Iterable<string>} | {readonly leftOut: string}

/**
 * Rewrites one document of a dump. A document that cannot be rewritten is left out; it is never copied as it is.
 *
 * @param kind the kind of the text, when it is known without its content
 */
export function rewriteDocument(redaction: Redaction, text: Text, kind: DocumentKind = detectKind(text)): Rewritten {
  const rewriteLine = redaction.lines.get(kind)
  if (rewriteLine) return {text: lines(text, rewriteLine)}
  switch (kindRow(kind).redaction) {
    case 'json':
      return rewriteJson(redaction, text)
    case 'metrics':
      return {text: lines(text, line => redaction.metrics.rewrite(line))}
    case 'free-text':
      return {text: lines(text, line => redaction.freeText.rewrite(line))}
    default:
      return {leftOut: 'it is not text'}
  }
}

function rewriteJson(redaction: Redaction, text: Text): Rewritten {
  checkJsonMemory(text)
  let value: unknown
  try {
    value = JSON.parse(text.join(''))
  } catch {
    return {leftOut: 'it is no valid JSON'}
  }
  if (detectJsonKind(value) === 'npm-cache')
    return {text: [`${JSON.stringify(redaction.cache.rewrite(value as Readonly<Record<string, unknown>>))}\n`]}
  const ofNode = redaction.nodeValue(value)
  if (ofNode !== undefined) return {text: [`${JSON.stringify(ofNode)}\n`]}
  // The objects of a dump are whole, unless they say themselves what they lack.
  const {objects} = readClusterObjects(value, undefined, true)
  const isEmpty = objectKinds.every(kind => objects[kind].length === 0) && !objects.services && !objects.endpointSlices
  if (isEmpty) return {leftOut: 'nothing in it is known'}
  return {text: printObjects(redaction.objects.rewrite(objects))}
}

/** @param rewrite returns undefined for a line that is left out */
function* lines(text: Text, rewrite: (line: string) => string | undefined): Generator<string> {
  for (const piece of text) {
    let chunk = ''
    // Each piece is visited as a text of its own, so that its lines can be passed on before the next piece is rewritten.
    const ready: string[] = []
    eachLine([piece], (_, start, end) => {
      const line = piece.slice(start, end)
      const rewritten = line.length > LONGEST_LINE ? `# a line of ${line.length} characters was left out` : rewrite(line)
      if (rewritten === undefined) return
      chunk += `${rewritten}\n`
      if (chunk.length < CHUNK_CHARACTERS) return
      ready.push(chunk)
      chunk = ''
    })
    yield* ready
    const isWhole = piece.endsWith('\n')
    if (chunk !== '') yield isWhole ? chunk : chunk.slice(0, -1)
  }
}
