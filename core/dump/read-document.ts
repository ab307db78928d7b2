import type {DataPlane} from '../dataplane/dataplane.ts'
import type {NodeContent} from '../dataplane/node-facts.ts'
import {dataPlaneOfKind} from '../dataplanes.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import {readClusterObjects} from '../kubernetes/read-objects.ts'
import {type NpmCache, readNpmCache} from '../names/npm-cache.ts'
import {readMetricNames} from '../names/npm-metrics.ts'
import type {Problem} from '../problem/problem.ts'
import {checkMemory} from '../text/memory.ts'
import {detectJsonKind, detectKind} from './detect-kind.ts'
import {ACCEPTED, kindRow} from './document-kind.ts'
import type {DumpDocument} from './model.ts'
import {hasUniqueKeys, parsedJsonBytes, parsedYamlBytes} from './parsed-size.ts'

/** One document, read by the kind of its content. */
export type ReadDocument = {readonly document: DumpDocument; readonly problems: readonly Problem[]} & (
  | {readonly kind: 'node'; readonly dataPlane: DataPlane; readonly content: NodeContent}
  | {readonly kind: 'npm-cache'; readonly cache: NpmCache}
  | {readonly kind: 'npm-metrics'; readonly names: readonly {readonly kernelName: string; readonly name: string}[]}
  | {readonly kind: 'cluster'; readonly objects: ClusterObjects; readonly otherKinds: ReadonlyMap<string, number>}
  | {readonly kind: 'none'}
)

/** A document that a data plane has read. */
export type ReadNodeDocument = Extract<ReadDocument, {readonly kind: 'node'}>

/** Whether a document holds rules or sets of a kernel, so that its folder is a node's. */
export const holdsRules = (read: ReadDocument): read is ReadNodeDocument => read.kind === 'node'

/** Recognises and reads one document. Bad content never throws: it is reported in `problems`. */
export async function readDocument(document: DumpDocument): Promise<ReadDocument> {
  const {name, text} = document
  const kind = document.kind ?? detectKind(text)
  const {unread} = kindRow(kind)
  if (unread) return {document, kind: 'none', problems: [{file: name, ...unread}]}
  const dataPlane = dataPlaneOfKind(kind)
  if (dataPlane) {
    const content = dataPlane.parse(kind, text, name, document.kind !== undefined)
    return {document, kind: 'node', dataPlane, content, problems: content.problems}
  }
  switch (kind) {
    case 'npm-metrics':
      return {document, kind, names: readMetricNames(text), problems: []}
    case 'json':
      return readJson(document)
    case 'yaml':
      return readYaml(document)
    default:
      return unknownFile(document, 'the content is nothing that is known')
  }
}

/** A file that is not read. It is a problem only when it was given by name: folders also hold notes and logs. */
function unknownFile(document: DumpDocument, message: string): ReadDocument {
  const problem: Problem = {code: 'UNKNOWN_FILE', file: document.name, message, next: ACCEPTED}
  return {document, kind: 'none', problems: document.folder === '' ? [problem] : []}
}

/** V8 names the place of a syntax error in its message. */
const JSON_PLACE = /\(line (\d+) column (\d+)\)/

function readJson(document: DumpDocument): ReadDocument {
  checkMemory(parsedJsonBytes(document.text))
  let value: unknown
  try {
    value = JSON.parse(document.text.join(''))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const place = JSON_PLACE.exec(reason)
    const at = place ? {line: Number(place[1]), column: Number(place[2])} : {}
    const message = `not valid JSON: ${reason.replace(/ in JSON at position.*| \(line .*/, '')}`
    const next = 'The file may be cut off. Take it again.'
    return {document, kind: 'none', problems: [{code: 'BAD_JSON', file: document.name, ...at, message, next}]}
  }
  return readValue(document, value)
}

/** Reads all documents of a YAML file. The library is loaded only when a file needs it. */
async function readYaml(document: DumpDocument): Promise<ReadDocument> {
  const {parseAllDocuments} = await import('yaml')
  const values: unknown[] = []
  const problems: Problem[] = []
  const refuse = (message: string, place?: {readonly line: number; readonly col: number}) =>
    problems.push({
      code: 'BAD_YAML',
      file: document.name,
      ...(place && {line: place.line, column: place.col}),
      message: `not valid YAML: ${message.split('\n')[0]}`,
      next: 'This YAML document is left out, the others are read. Take it again with kubectl get -o yaml.',
    })
  checkMemory(parsedYamlBytes(document.text))
  const documents = parseAllDocuments(document.text.join(''), {logLevel: 'silent', uniqueKeys: hasUniqueKeys(document.text)})
  for (const each of Array.isArray(documents) ? documents : []) {
    const [error] = each.errors
    if (error) {
      refuse(error.message, error.linePos?.[0])
      continue
    }
    try {
      values.push(each.toJS({maxAliasCount: 100}))
    } catch (error) {
      // Aliases are resolved only now: one may be undefined, or expand too often.
      refuse(error instanceof Error ? error.message : String(error))
    }
  }
  const read = readValue(document, values)
  return {...read, problems: [...problems, ...(values.length === 0 && problems.length > 0 ? [] : read.problems)]}
}

function readValue(document: DumpDocument, value: unknown): ReadDocument {
  switch (detectJsonKind(value)) {
    // A dump.json is read with the dump it belongs to.
    case 'dump':
      return {document, kind: 'none', problems: []}
    case 'npm-cache':
      return {document, kind: 'npm-cache', cache: readNpmCache(value), problems: []}
    case 'kubernetes': {
      const {objects, problems, otherKinds} = readClusterObjects(value, document.name)
      const isAny = Object.values(objects).some(list => list.length > 0)
      if (!isAny && problems.length === 0) return unknownFile(document, 'holds no Pods, Namespaces, NetworkPolicies or Nodes')
      return {document, kind: 'cluster', objects, otherKinds, problems}
    }
    case 'hns': {
      const next = 'Rules of Windows nodes cannot be translated yet.'
      return {
        document,
        kind: 'none',
        problems: [{code: 'UNSUPPORTED_FILE', file: document.name, message: 'holds HNS objects of a Windows node', next}],
      }
    }
    case 'other':
      return unknownFile(document, 'the content is nothing that is known')
  }
}
