import type {DataPlane} from '../dataplane/dataplane.ts'
import type {NodeContent} from '../dataplane/node-facts.ts'
import {dataPlaneOfJson, dataPlaneOfKind} from '../dataplanes.ts'
import {type ObjectGap, objectKinds} from '../kubernetes/given-objects.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import {readClusterObjects, type WrittenPolicy} from '../kubernetes/read-objects.ts'
import {type NpmCache, readNpmCache} from '../names/npm-cache.ts'
import {readMetricNames} from '../names/npm-metrics.ts'
import type {Problem} from '../problem/problem.ts'
import {ProblemList} from '../problem/problem-list.ts'
import type {Text} from '../text/lines.ts'
import {checkMemory} from '../text/memory.ts'
import {detectJsonKind, detectKind} from './detect-kind.ts'
import {ACCEPTED, type DocumentKind, kindRow} from './document-kind.ts'
import {type JsonFault, parseJsonDocuments} from './json-documents.ts'
import type {DumpDocument} from './model.ts'
import {checkJsonMemory, parsedYamlBytes} from './parsed-size.ts'
import {refusedProblems} from './refused-problems.ts'
import {gapsOfUnread} from './unread-objects.ts'

/** One document, read by the kind of its content. */
export type ReadDocument = {readonly document: DumpDocument; readonly problems: readonly Problem[]} & (
  | {readonly kind: 'node'; readonly dataPlane: DataPlane; readonly content: NodeContent}
  | {readonly kind: 'conntrack'}
  | {readonly kind: 'npm-cache'; readonly cache: NpmCache}
  | {readonly kind: 'npm-metrics'; readonly names: readonly {readonly kernelName: string; readonly name: string}[]}
  | {
      readonly kind: 'cluster'
      readonly objects: ClusterObjects
      readonly otherKinds: ReadonlyMap<string, number>
      readonly written: readonly WrittenPolicy[]
    }
  /** `gaps` are objects that it may hold, and that could not be read. */
  | {readonly kind: 'none'; readonly gaps?: readonly ObjectGap[]}
)

/** A document that a data plane has read. */
export type ReadNodeDocument = Extract<ReadDocument, {readonly kind: 'node'}>

/** Whether a document holds rules or sets of a kernel, so that its folder is a node's. */
export const holdsRules = (read: ReadDocument): read is ReadNodeDocument => read.kind === 'node'

/** Recognises and reads one document. Bad content never throws: it is reported in `problems`. */
export async function readDocument(document: DumpDocument): Promise<ReadDocument> {
  const read = await readContent(document)
  // Of a dump the table of contents says what belongs to it.
  if (!document.isCut || document.kind !== undefined || read.kind !== 'cluster') return read
  return withGaps(read, gapsOfUnread('kind: List', document.name, true))
}

async function readContent(document: DumpDocument): Promise<ReadDocument> {
  const {name, text} = document
  const kind = contentKind(document)
  const {unread} = kindRow(kind)
  if (unread) return {document, kind: 'none', problems: [{file: name, ...unread}]}
  const dataPlane = dataPlaneOfKind(kind)
  if (dataPlane) {
    const extent = document.kind !== undefined ? 'all' : document.isEnded ? 'ended' : 'open'
    const content = document.parsed?.content ?? dataPlane.parse(kind, text, name, extent)
    if (document.parsed) document.parsed.content = content
    return {document, kind: 'node', dataPlane, content, problems: content.problems}
  }
  switch (kind) {
    // It is long, and parsed by who asks about connections.
    case 'conntrack':
      return {document, kind, problems: []}
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

/**
 * The kind of a document by its name, and by its content where it has no name that tells. Sets are in either of two formats, and
 * somebody may have put one under the other's name.
 */
function contentKind({kind, text}: DumpDocument): DocumentKind {
  if (kind !== undefined && !setKinds.has(kind)) return kind
  const detected = detectKind(text)
  return kind === undefined || setKinds.has(detected) ? detected : kind
}

const setKinds: ReadonlySet<DocumentKind> = new Set(['ipset-save', 'ipset-list'])

/** A file that is not read. It is a problem only when it was given by name: folders also hold notes and logs. */
function unknownFile(document: DumpDocument, message: string): ReadDocument {
  const problem: Problem = {code: 'UNKNOWN_FILE', file: document.name, message, next: ACCEPTED}
  return {document, kind: 'none', problems: document.folder === '' ? [problem] : []}
}

/** Reads the JSON documents of a file, one or several. What stands between them costs a problem and no object. */
async function readJson(document: DumpDocument): Promise<ReadDocument> {
  checkJsonMemory(document.text)
  const {values, faults, yaml} = parseJsonDocuments(document.text)
  // What looks like JSON may be YAML in braces, and JSON with comments or a comma too many is YAML as well.
  if (values.length === 0 && isYamlPerhaps(document.text, faults)) {
    const read = await readYaml(document)
    if (read.kind === 'cluster' && !read.problems.some(({code}) => code === 'BAD_YAML')) return read
  }
  const problems = faults.map(
    ({line, column, message, isCut}): Problem => ({
      code: 'BAD_JSON',
      file: document.name,
      line,
      column,
      message,
      next:
        isCut || values.length === 0
          ? 'The file may be cut off. Take it again.'
          : 'The other documents of the file are read. Take it again.',
    }),
  )
  const rest = yaml && (await parseYaml([yaml.text], document.name, yaml.line - 1))
  const all = [...values, ...(rest?.values ?? [])]
  const isCutOff = document.isCut === true || faults.length > 0
  const read = readValue(document, values.length === 1 && !rest ? values[0] : all, isCutOff)
  const found = [...boundedProblems(problems), ...(rest?.problems ?? [])]
  const gaps = faults.flatMap(({document: text, isCut}) => (text === undefined ? [] : gapsOfUnread(text, document.name, isCut)))
  const told = {...read, problems: [...found, ...(all.length === 0 && found.length > 0 ? [] : read.problems)]}
  return withGaps(told, [...gaps, ...(rest?.gaps ?? [])])
}

/** Adds what could not be read of a document to what was. */
function withGaps(read: ReadDocument, gaps: readonly ObjectGap[]): ReadDocument {
  if (gaps.length === 0) return read
  const few = objectKinds.flatMap(kind => gaps.find(gap => gap.kind === kind) ?? [])
  if (read.kind === 'none') return {...read, gaps: few}
  if (read.kind !== 'cluster') return read
  const {given} = read.objects
  return {
    ...read,
    objects: {...read.objects, given: {kinds: given?.kinds ?? objectKinds, gaps: [...(given?.gaps ?? []), ...few]}},
  }
}

const boundedProblems = (problems: readonly Problem[]): Problem[] => {
  const list = new ProblemList()
  for (const problem of problems) list.add(problem)
  return list.all()
}

/** Characters. A longer text was not written by hand, and takes long to parse. */
const LONGEST_YAML = 1024 * 1024

const isYamlPerhaps = (text: Text, faults: readonly JsonFault[]): boolean =>
  !faults.some(({isCut}) => isCut) && text.length === 1 && (text[0] as string).length <= LONGEST_YAML

/** Reads all documents of a YAML file. */
async function readYaml(document: DumpDocument): Promise<ReadDocument> {
  const {values, problems, gaps} = await parseYaml(document.text, document.name)
  const read = readValue(document, values)
  const told = {...read, problems: [...problems, ...(values.length === 0 && problems.length > 0 ? [] : read.problems)]}
  return withGaps(told, gaps)
}

interface ParsedYaml {
  readonly values: unknown[]
  readonly problems: Problem[]
  /** Objects that the documents may hold that do not parse. */
  readonly gaps: readonly ObjectGap[]
}

/**
 * Parses the documents of a YAML text. The library, and what makes it read as kubectl does, are loaded only when a file needs them.
 *
 * @param linesBefore how many lines of the file stand before the text
 */
async function parseYaml(text: Text, file: string, linesBefore = 0): Promise<ParsedYaml> {
  checkMemory(parsedYamlBytes(text))
  const [yaml, {parseYamlDocuments}, {yamlValue}] = await Promise.all([
    import('yaml'),
    import('./yaml-documents.ts'),
    import('./yaml-values.ts'),
  ])
  const values: unknown[] = []
  const problems = new ProblemList(file)
  const gaps: ObjectGap[] = []
  const {documents, lines, text: parsed} = parseYamlDocuments(text.join(''), yaml)
  const end = parsed.trimEnd().length
  const lose = (each: (typeof documents)[number], offset = 0) =>
    // A fault at the end of the last document is that of a file that is cut off.
    gaps.push(
      ...gapsOfUnread(parsed.slice(each.range?.[0], each.range?.[2]), file, each === documents.at(-1) && offset >= end - 1),
    )
  const add = (problem: Pick<Problem, 'code' | 'message' | 'next'>, place?: {readonly line: number; readonly col: number}) =>
    problems.add({...(place && {line: place.line + linesBefore, column: place.col}), ...problem})
  const refuse = (message: string, place?: {readonly line: number; readonly col: number}) =>
    add(
      {
        code: 'BAD_YAML',
        message: `not valid YAML: ${message.split('\n')[0]}`,
        next: 'This YAML document is left out, the others are read. Take it again with kubectl get -o yaml.',
      },
      place,
    )
  for (const each of documents) {
    const [error] = each.errors
    if (error) {
      lose(each, error.pos[1])
      refuse(error.message, lines.linePos(error.pos[0]))
      continue
    }
    try {
      const {value, repeated} = yamlValue(each, yaml)
      const cut = each === documents.at(-1) ? cutList(value) : undefined
      values.push(cut ?? value)
      if (cut) {
        gaps.push(...gapsOfUnread('kind: List', file, true))
        problems.add({
          code: 'TRUNCATED_FILE',
          message:
            'the list ends early: kubectl prints its kind behind its items. The last item is left out, as it may not be whole',
          next: 'Take the file again.',
        })
      }
      for (const {key, offset} of repeated)
        add(
          {
            code: 'DUPLICATE_KEY',
            message: `the key ${key} is there twice in one map; the last one counts, as for kubectl apply`,
            next: 'Leave one of them out.',
          },
          lines.linePos(offset),
        )
    } catch (error) {
      // Aliases are resolved only now: one may be undefined, or expand too often.
      lose(each)
      refuse(error instanceof Error ? error.message : String(error))
    }
  }
  return {values, problems: problems.all(), gaps}
}

/**
 * A list without its last item, when the text of `kubectl get -o yaml` ends within its items: at a line end the rest is valid YAML.
 *
 * @returns undefined for any other value
 */
function cutList(value: unknown): object | undefined {
  if (typeof value !== 'object' || value === null || !('apiVersion' in value) || !('items' in value)) return undefined
  const {items} = value
  return Object.keys(value).at(-1) === 'items' && !('kind' in value) && Array.isArray(items) && items.length > 0
    ? {...value, items: items.slice(0, -1)}
    : undefined
}

/** @param isCut whether a document of the file ends early */
function readValue(document: DumpDocument, value: unknown, isCut = document.isCut === true): ReadDocument {
  switch (detectJsonKind(value)) {
    // A dump.json is read with the dump it belongs to.
    case 'dump':
      return {document, kind: 'none', problems: []}
    case 'npm-cache':
      return {document, kind: 'npm-cache', cache: readNpmCache(value), problems: []}
    case 'kubernetes': {
      const {objects, problems, otherKinds, written} = readClusterObjects(value, document.name, document.kind !== undefined)
      const isAny =
        objects.given === undefined ||
        objectKinds.some(kind => objects[kind].length > 0) ||
        objects.given.kinds.length > 0 ||
        objects.workloads !== undefined ||
        objects.services !== undefined ||
        objects.endpointSlices !== undefined
      if (!isAny && problems.length === 0) return unknownFile(document, 'holds no Pods, Namespaces, NetworkPolicies or Nodes')
      return {
        document,
        kind: 'cluster',
        objects,
        otherKinds,
        written,
        problems: [...problems, ...refusedProblems(written, document.name)],
      }
    }
    case 'node': {
      const dataPlane = dataPlaneOfJson(value)
      const content = dataPlane?.json?.parse(value, document.name, isCut)
      if (!dataPlane || !content) return unknownFile(document, 'the content is nothing that is known')
      return {document, kind: 'node', dataPlane, content, problems: content.problems}
    }
    case 'other':
      return unknownFile(document, 'the content is nothing that is known')
  }
}
