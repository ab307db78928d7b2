import type {Document, LineCounter, Node, Pair, YAMLMap} from 'yaml'
import {detectKind} from '../dump/detect-kind.ts'
import {parseJsonDocuments} from '../dump/json-documents.ts'
import type {DumpDocument} from '../dump/model.ts'
import {parseYamlDocuments} from '../dump/yaml-documents.ts'
import {isOwnGroup} from '../kubernetes/group-kind.ts'

/** The place of a policy's field in a file. `line` counts from 1. */
export interface Position {
  readonly file: string
  readonly line: number
}

/** Finds the line of a policy's field, or of the nearest enclosing field that is in the file. */
export type FindPosition = (policy: string, field: string) => Position | undefined

/** Larger files are not hand-written policies, and the tree of a YAML file takes many times its size. They get no positions. */
const LARGEST_CHARACTERS = 16 * 1024 * 1024
/** The depth to which `readClusterObjects` reads lists. */
const DEEPEST_LIST = 8

interface Written {
  readonly file: string
  readonly object: YAMLMap
  readonly document: Document
  readonly lines: LineCounter
  /** Lines of the file that stand before those that `lines` counts. */
  readonly before: number
}

/** The NetworkPolicies of files as they are written. */
export interface WrittenFiles {
  readonly positions: FindPosition
  /** Fields that a policy has twice, spelled as the API server does. */
  readonly duplicates: readonly {readonly policy: string; readonly field: string}[]
}

/** Indexes the NetworkPolicies in YAML and JSON files. Of two with one name the later one counts. */
export async function findPositions(documents: readonly DumpDocument[]): Promise<WrittenFiles> {
  const yaml = await import('yaml')
  const {isMap, isPair, isScalar, isSeq, isAlias} = yaml
  const written = new Map<string, Written>()
  const duplicates: {policy: string; field: string}[] = []
  for (const {name, text} of documents) {
    const whole = text.reduce((size, piece) => size + piece.length, 0) > LARGEST_CHARACTERS ? '' : text.join('')
    for (const {text: part, before} of partsOf(whole)) {
      const {documents: parsed, lines} = parseYamlDocuments(part, yaml)
      for (const document of parsed)
        if (document.errors.length === 0) visit(document.contents, {file: name, document, lines, before}, 0)
    }
  }
  return {
    positions: (policy, field) => {
      const found = written.get(policy)
      return found && {file: found.file, line: lineOf(found, field)}
    },
    duplicates,
  }

  function visit(node: unknown, place: Omit<Written, 'object'>, depth: number): void {
    if (depth > DEEPEST_LIST) return
    if (isSeq(node)) for (const item of node.items) visit(item, place, depth + 1)
    if (!isMap(node)) return
    const items = node.get('items')
    const metadata = node.get('metadata')
    if (isSeq(items)) return visit(items, place, depth + 1)
    if (!isMap(metadata)) {
      for (const {value} of node.items) if (isSeq(value) || isMap(value)) visit(value, place, depth + 1)
      return
    }
    // An item of a list need not name its kind. Its name finds it then: nobody asks for those of other kinds.
    const kind = textOf(node, 'kind') ?? 'NetworkPolicy'
    if (kind !== 'NetworkPolicy' || !isOwnGroup(kind, textOf(node, 'apiVersion'))) return
    const key = `${textOf(metadata, 'namespace') ?? 'default'}/${textOf(metadata, 'name') ?? ''}`
    written.set(key, {...place, object: node})
    noteDuplicates(node, key, '')
  }

  function noteDuplicates(node: unknown, policy: string, path: string): void {
    if (isSeq(node)) for (const [index, item] of node.items.entries()) noteDuplicates(item, policy, `${path}[${index}]`)
    if (!isMap(node)) return
    const seen = new Set<string>()
    for (const {key, value} of node.items) {
      if (!isScalar(key)) continue
      const name = String(key.value)
      const field = path === '' ? name : `${path}.${name}`
      if (seen.has(name)) duplicates.push({policy, field})
      seen.add(name)
      noteDuplicates(value, policy, field)
    }
  }

  function textOf(map: YAMLMap, key: string): string | undefined {
    const value = map.get(key)
    return typeof value === 'string' ? value : undefined
  }

  function lineOf({object, document, lines, before}: Written, field: string): number {
    let node: unknown = object
    let offset = object.range?.[0] ?? 0
    for (const step of field.split(/[.[\]]+/).filter(each => each !== '')) {
      const next = stepInto(isAlias(node) ? node.resolve(document) : node, step)
      const start = isPair(next) ? (next.key as Node | null)?.range?.[0] : next?.range?.[0]
      if (next === undefined || start === undefined) break
      offset = start
      node = isPair(next) ? next.value : next
    }
    return before + lines.linePos(offset).line
  }

  function stepInto(node: unknown, step: string): Pair | Node | undefined {
    if (isSeq(node)) return node.items[Number(step)] as Node | undefined
    if (!isMap(node)) return undefined
    return node.items.find(({key}) => isScalar(key) && key.value === step)
  }
}

/** The parts of a file that are YAML: all of it, but of JSON documents that stand one after the other each is a part. */
function* partsOf(text: string): Generator<{readonly text: string; readonly before: number}> {
  if (detectKind([text]) !== 'json') return yield {text, before: 0}
  const {spans, yaml} = parseJsonDocuments([text])
  // YAML may look like JSON.
  if (spans.length === 0) return yield {text, before: 0}
  let [at, before] = [0, 0]
  for (const [start, end] of spans) {
    for (let feed = text.indexOf('\n', at); feed >= 0 && feed < start; feed = text.indexOf('\n', at)) {
      before++
      at = feed + 1
    }
    yield {text: text.slice(start, end), before}
  }
  if (yaml) yield {text: yaml.text, before: yaml.line - 1}
}
