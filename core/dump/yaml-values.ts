import type * as Yaml from 'yaml'
import type {Alias, Document, Pair, Scalar, YAMLMap, YAMLSeq} from 'yaml'
import {plainValue} from './yaml-scalars.ts'

/** The functions of the library that are needed here. It is loaded only when a file needs it. */
export type YamlLibrary = Pick<typeof Yaml, 'isAlias' | 'isMap' | 'isScalar' | 'isSeq'>

/** The value of a YAML document. */
export interface YamlValue {
  readonly value: unknown
  /** Keys that a map holds twice, with the offset of the second one in the text. */
  readonly repeated: readonly {readonly key: string; readonly offset: number}[]
}

/** Nodes, with those that aliases stand for. A document of aliases may stand for billions. */
const MOST_NODES = 4_000_000
const DEEPEST = 1000

/**
 * Builds the value of a YAML document as kubectl does: plain scalars by its rules, of a key that is there twice the last one, and merge
 * keys where they stand: what they merge replaces what stands before them.
 *
 * @param document parsed with the schema `failsafe`
 * @throws Error when kubectl would refuse the document: an alias without an anchor, a merge of something else than maps
 * Source: sigs.k8s.io/yaml, goyaml.v2/decode.go and yaml.go.
 */
export function yamlValue(document: Document, {isAlias, isMap, isScalar, isSeq}: YamlLibrary): YamlValue {
  const anchors = new Map<string, {readonly value: unknown; readonly nodes: number} | 'open'>()
  const repeated: {key: string; offset: number}[] = []
  let nodes = 0
  return {value: build(document.contents, 0), repeated}

  function build(node: unknown, depth: number): unknown {
    if (depth > DEEPEST) throw new Error(`nested more than ${DEEPEST} deep`)
    if (isAlias(node)) return aliased(node)
    const before = nodes
    count(1)
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined
    if (anchor !== undefined) anchors.set(anchor, 'open')
    const value = isMap(node) ? map(node, depth) : isSeq(node) ? list(node, depth) : isScalar(node) ? scalar(node) : null
    if (anchor !== undefined) anchors.set(anchor, {value, nodes: nodes - before})
    return value
  }

  function count(more: number): void {
    nodes += more
    if (nodes > MOST_NODES) throw new Error(`its aliases stand for more than ${MOST_NODES} values`)
  }

  function aliased({source}: Alias): unknown {
    const target = anchors.get(source)
    if (target === undefined) throw new Error(`unknown anchor ${source} of an alias`)
    if (target === 'open') throw new Error(`the anchor ${source} contains an alias of itself`)
    count(target.nodes)
    return target.value
  }

  function list({items}: YAMLSeq, depth: number): unknown[] {
    return items.map(item => build(item, depth + 1))
  }

  function map({items}: YAMLMap, depth: number): Record<string, unknown> {
    const value: Record<string, unknown> = {}
    const own = new Set<string>()
    for (const pair of items) {
      const {key: node} = pair
      if (isMergeKey(node)) {
        merge(value, pair, depth)
        continue
      }
      const key = keyOf(build(node, depth + 1))
      if (own.has(key)) repeated.push({key, offset: isScalar(node) ? (node.range?.[0] ?? 0) : 0})
      own.add(key)
      put(value, key, build(pair.value, depth + 1))
    }
    return value
  }

  function isMergeKey(node: unknown): boolean {
    return isScalar(node) && node.type === 'PLAIN' && node.source === '<<'
  }

  function merge(into: Record<string, unknown>, {value: node}: Pair, depth: number): void {
    const merged = build(node, depth + 1)
    // Of several maps the first one counts.
    const maps: unknown[] = isSeq(node) ? (merged as unknown[]).toReversed() : [merged]
    for (const each of maps) {
      if (typeof each !== 'object' || each === null || Array.isArray(each))
        throw new Error('a merge key << needs a map or a list of maps')
      for (const [key, value] of Object.entries(each)) put(into, key, value)
    }
  }

  function scalar({type, source = '', value, tag}: Scalar): unknown {
    const text = typeof value === 'string' ? value : source
    if (tag === undefined) return type === 'PLAIN' ? plainValue(text) : text
    return /^tag:yaml\.org,2002:(?:int|float|bool|null)$/.test(tag) ? plainValue(text) : text
  }
}

/** A key as JSON has it: `1: a` is `{"1": "a"}`, and `yes: a` is `{"true": "a"}`. */
function keyOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new Error(`${value === null ? 'nothing' : 'a list or a map'} stands as a key`)
}

/** Also `__proto__` is a key like others. */
function put(map: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(map, key, {value, enumerable: true, configurable: true, writable: true})
  else map[key] = value
}
