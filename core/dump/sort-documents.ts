import type {NodeFailure} from '../contract/common.ts'
import type {Problem} from '../problem/problem.ts'
import {isBlank} from './blank.ts'
import {isForAnswers, kindOfDocument} from './layout.ts'
import {type DumpLocation, fileName, locationIn, plainPath, type ReadManifest, readManifest} from './manifest.ts'
import type {DumpDocument} from './model.ts'

/** What the layout of a dump says about one node's folder. */
export interface SortedNode {
  readonly name: string
  readonly dumpId?: string
  readonly takenAt?: string
  readonly agentVersion?: string
  /** What could not be read when the dump was taken. */
  readonly problems: readonly Problem[]
}

/** Documents, and the nodes that their dumps name. */
export interface SortedDocuments {
  /** Documents that answers depend on. Texts for people and files of a newer version are left out. */
  readonly documents: readonly DumpDocument[]
  /** By folder of the documents. */
  readonly nodes: ReadonlyMap<string, SortedNode>
  readonly problems: readonly Problem[]
  /** Nodes of which no document is there. */
  readonly lost: readonly NodeFailure[]
  /** Whether a dump among them has other names and addresses than its cluster. */
  readonly isRedacted: boolean
}

/**
 * Finds the dumps among documents by their `dump.json`, and the node of each document. Documents outside of dumps stay unchanged.
 */
export function sortDocuments(documents: readonly DumpDocument[]): SortedDocuments {
  const manifests = documents.flatMap(document => readManifest(document) ?? [])
  const locationOf = locationFinder(manifests)
  const nodes = new Map<string, SortedNode>()
  const sorted = documents.flatMap(document => {
    const found = locationOf(document)
    if (!found) {
      const name = nodeOfPath(document.folder)
      if (name !== undefined) nodes.set(document.folder, {name, problems: []})
      return [document]
    }
    const {manifest, location} = found
    // A dump holds all objects, or says which it lacks.
    if (location.kind === 'cluster') return [{...document, kind: 'json' as const}]
    if (location.kind === 'other') return []
    const kind = kindOfDocument(location.file)
    if (kind === undefined) return []
    const node = nodes.get(document.folder) ?? sortedNode(manifest, location.folder)
    nodes.set(document.folder, node)
    const isCut = manifest.failuresOf.get(node.name)?.some(failure => failure.document === location.file)
    if (!isCut && manifest.nodes.get(location.folder)?.given.has(location.file)) return [document]
    if (!isCut) return [{...document, kind}]
    // A tool that failed may have printed a part, whose content shows its kind. When it printed nothing, nothing is known.
    return isBlank(document.text) ? [] : [document]
  })
  return {
    documents: sorted,
    nodes,
    problems: manifests.flatMap(manifest => [...manifest.problems, ...lostOf(manifest, nodes)]),
    lost: manifests.flatMap(manifest => lostNodes(manifest, nodes)),
    isRedacted: manifests.some(({redacted}) => redacted),
  }
}

/** Finds the dump that a document belongs to, and its place there. */
export type FindLocation = (document: DumpDocument) => {manifest: ReadManifest; location: DumpLocation} | undefined

/**
 * Indexes dumps by their folder, so that a document is found in one of thousands as fast as in one of two. Of dumps within dumps the
 * innermost counts, of two in one folder the first.
 */
export function locationFinder(manifests: readonly ReadManifest[]): FindLocation {
  const byBase = new Map(manifests.toReversed().map(manifest => [manifest.base, manifest]))
  /** By folder, so that each folder is looked at once. */
  const known = new Map<string, ReadManifest | undefined>()
  const manifestOf = (folder: string): ReadManifest | undefined => {
    const passed: string[] = []
    let manifest: ReadManifest | undefined
    for (let at: string | undefined = folder; at !== undefined; at = parentOf(at)) {
      if (known.has(at)) manifest = known.get(at)
      else manifest = byBase.get(at)
      if (manifest || known.has(at)) break
      passed.push(at)
    }
    for (const each of passed) known.set(each, manifest)
    return manifest
  }
  return document => {
    if (document.folder === '') return undefined
    const manifest = manifestOf(plainPath(document.folder))
    const location = manifest && locationIn(manifest, document)
    return manifest && location && {manifest, location}
  }
}

/** The folder around a folder; the empty one around `a`, and around `/a`. */
const parentOf = (path: string): string | undefined =>
  path === '' ? undefined : path.slice(0, Math.max(path.lastIndexOf('/'), 0))

/** `NAME` of `…/nodes/NAME`, for dumps without a readable dump.json; undefined for other paths. */
export function nodeOfPath(folder: string): string | undefined {
  const path = plainPath(folder)
  return /(?:^|\/)nodes\/[^/]+$/.test(path) ? fileName(path) : undefined
}

function sortedNode(manifest: ReadManifest, folder: string): SortedNode {
  const {name, takenAt, agentVersion} = manifest.nodes.get(folder) ?? {name: fileName(folder)}
  const failures = manifest.failuresOf.get(name)?.filter(({document}) => isForAnswers(document)) ?? []
  return {
    name,
    ...(manifest.id !== undefined && {dumpId: manifest.id}),
    ...(takenAt !== undefined && {takenAt}),
    ...(agentVersion !== undefined && {agentVersion}),
    problems: failures.map(({document, message, next}) => failed(`${document}: ${message}`, next)),
  }
}

const failed = (message: string, next: string): Problem => ({
  code: 'TOOL_FAILED',
  message: `when the dump was taken: ${message}`,
  next,
})

/** The nodes of a dump of which no document is there: they could not be read when it was taken, or their folders are gone. */
function lostNodes({nodes: all, failuresOf}: ReadManifest, nodes: ReadonlyMap<string, SortedNode>): NodeFailure[] {
  const names = new Set([...nodes.values()].map(({name}) => name))
  const wanted = new Set([...[...all.values()].map(({name}) => name), ...failuresOf.keys()])
  return [...wanted].flatMap(node => {
    if (names.has(node)) return []
    const {message, next} = failuresOf.get(node)?.find(({document}) => document === undefined) ?? {
      message: 'the dump names it, and none of its files are there',
      next: 'Take the dump again.',
    }
    return [{node, message, next}]
  })
}

/** Failures that concern a whole node, or no node. */
function lostOf({failures}: ReadManifest, nodes: ReadonlyMap<string, SortedNode>): Problem[] {
  const names = new Set([...nodes.values()].map(({name}) => name))
  return failures.flatMap(({node, document, message, next}) => {
    if (node !== undefined && names.has(node)) return document === undefined ? [failed(`node ${node}: ${message}`, next)] : []
    if (node !== undefined) return document === undefined ? [failed(`node ${node} could not be read: ${message}`, next)] : []
    return document === undefined || isForAnswers(document) ? [failed(message, next)] : []
  })
}
