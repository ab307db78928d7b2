import type {DumpFailure} from '../contract/dump.ts'
import {documentOf} from '../contract/node-documents.ts'
import type {ObjectGap} from '../kubernetes/given-objects.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import {stripObjects} from '../kubernetes/strip-fields.ts'
import {InputError} from '../problem/input-error.ts'
import type {Problem} from '../problem/problem.ts'
import type {Text} from '../text/lines.ts'
import {isBlank} from './blank.ts'
import {dumpFiles, isForPeople, isNodeFile} from './layout.ts'
import {fileName, type ReadManifest, readManifest} from './manifest.ts'
import {type FileObjects, mergeObjects} from './merge-objects.ts'
import type {DumpDocument} from './model.ts'
import {type ReadDocument, readDocument} from './read-document.ts'
import {lastName} from './read-dump.ts'
import {locationFinder, nodeOfPath} from './sort-documents.ts'
import {splitDocument} from './split-document.ts'

/** One node of a dump that will be made of files. */
export interface PlannedNode {
  readonly name: string
  readonly takenAt?: string
  readonly agentVersion?: string
  /** By the name that they have in the dump. */
  readonly files: ReadonlyMap<string, Text>
  /** Those of the files that may not be all that a tool printed. */
  readonly given: readonly string[]
}

/** Documents of any kind, arranged in the layout of a dump. */
export interface DumpPlan {
  readonly nodes: readonly PlannedNode[]
  /** Objects of the cluster, with the fields that a dump keeps of them. */
  readonly cluster?: ClusterObjects
  /** How many objects of other kinds there were; a dump keeps none. */
  readonly otherKinds: ReadonlyMap<string, number>
  /** Why objects, or a file of them, are not in `cluster`. */
  readonly unreadObjects: readonly Problem[]
  readonly manifests: readonly ReadManifest[]
  /** collection.log of each dump among the documents. */
  readonly logs: readonly Text[]
  /** Failures of the time when the dumps were taken. */
  readonly failures: readonly DumpFailure[]
  /** Names of documents that have no place in a dump. */
  readonly leftOut: readonly string[]
  readonly problems: readonly Problem[]
}

interface NodeFolder {
  name: string
  takenAt?: string
  agentVersion?: string
  readonly files: Map<string, {readonly text: Text; readonly from: string}>
  readonly given: string[]
}

/**
 * Arranges documents as one dump. Files of dumps keep their names; others are recognised by their content. Which node a document
 * belongs to is decided by the same rules as in `readDump`.
 *
 * @throws InputError when two documents would be the same file of one node
 */
export async function planDump(documents: readonly DumpDocument[]): Promise<DumpPlan> {
  const manifests = documents.flatMap(document => readManifest(document) ?? [])
  const locationOf = locationFinder(manifests)
  const folders = new Map<string, NodeFolder>()
  const folderOf = (folder: string, name: () => Partial<NodeFolder>): NodeFolder => {
    const known = folders.get(folder)
    if (known) return known
    const made = {name: 'unknown', files: new Map(), given: [], ...name()}
    folders.set(folder, made)
    return made
  }
  const objects: DumpDocument[] = []
  const logs: Text[] = []
  const leftOut: string[] = []
  const loose: ReadDocument[] = []
  for (const document of documents) {
    const found = locationOf(document)
    if (!found) {
      for (const part of splitDocument(document, false)) loose.push(await readDocument(part))
      continue
    }
    const {manifest, location} = found
    const file = fileName(document.name)
    if (location.kind === 'cluster') objects.push({...document, kind: 'json'})
    else if (location.kind === 'node' && isNodeFile(location.file)) {
      const {given, ...told} = manifest.nodes.get(location.folder) ?? {name: fileName(location.folder), given: undefined}
      const node = folderOf(document.folder, () => told)
      add(node, location.file, document)
      if (given?.has(location.file)) node.given.push(location.file)
    } else if (file === dumpFiles.log && location.kind === 'other') logs.push(document.text)
    else if (file !== dumpFiles.manifest) leftOut.push(document.name)
  }
  const problems: Problem[] = []
  objects.push(...loose.flatMap(each => (each.kind === 'cluster' ? [each.document] : [])))
  arrangeLoose(loose, folders, folderOf, document => leftOut.push(document), problems)
  const joined = await joinObjects(objects)
  return {
    nodes: [...folders.values()].map(({files, ...node}) => ({
      ...node,
      files: new Map([...files].map(([file, {text}]) => [file, text])),
    })),
    ...(joined.cluster && {cluster: joined.cluster}),
    otherKinds: joined.otherKinds,
    unreadObjects: joined.unreadObjects,
    manifests,
    logs,
    failures: manifests.flatMap(({failures}) => failures),
    leftOut,
    problems,
  }
}

/** Documents outside of dumps. Those of one folder belong to one node; when there is only one node, all belong to it. */
function arrangeLoose(
  loose: readonly ReadDocument[],
  folders: ReadonlyMap<string, NodeFolder>,
  folderOf: (folder: string, name: () => Partial<NodeFolder>) => NodeFolder,
  leaveOut: (name: string) => void,
  problems: Problem[],
): void {
  const ofNode = new Set([...folders.keys(), ...loose.flatMap(each => (each.kind === 'node' ? [each.document.folder] : []))])
  const [only = ''] = ofNode
  const cacheNodes = new Map<string, string | undefined>()
  for (const each of loose)
    if (each.kind === 'npm-cache' && !cacheNodes.has(each.document.folder)) cacheNodes.set(each.document.folder, each.cache.node)
  for (const each of loose) {
    const {kind, document} = each
    if (kind === 'cluster') continue
    const file = fileOf(each)
    const folder = ofNode.size <= 1 ? only : document.folder
    if (file === undefined || (ofNode.size > 1 && !ofNode.has(folder))) {
      leaveOut(document.name)
      problems.push(...each.problems)
      continue
    }
    const node = folderOf(folder, () => {
      const name = nodeOfPath(folder) ?? cacheNodes.get(folder) ?? (ofNode.size > 1 ? lastName(folder) : undefined)
      return name === undefined ? {} : {name}
    })
    add(node, file, document)
    node.given.push(file)
  }
}

/** The name of a document in a dump, by its content; undefined when a dump has no place for it. */
function fileOf(read: ReadDocument): string | undefined {
  const file = fileName(read.document.name)
  switch (read.kind) {
    case 'cluster':
      return undefined
    case 'node':
      return documentOf(read.content.kind, read.content.backend, read.content.part ?? file)
    case 'none':
      // Only the name says what an empty text is, or a text that only people read.
      return isForPeople(file) || (isNodeFile(file) && isBlank(read.document.text)) ? file : undefined
    default:
      return documentOf(read.kind, undefined, file)
  }
}

function add({name, files}: NodeFolder, file: string, {text, name: from}: DumpDocument): void {
  const known = files.get(file)
  if (known)
    throw new InputError(
      `${known.from} and ${from} would both be ${file} of node ${name}`,
      'Which one is meant is unknown. Give the files you mean one by one with --from.',
    )
  files.set(file, {text, from})
}

/** The objects of all documents, each once, with the fields that a dump keeps. */
async function joinObjects(
  documents: readonly DumpDocument[],
): Promise<Pick<DumpPlan, 'cluster' | 'otherKinds' | 'unreadObjects'>> {
  const read: FileObjects[] = []
  const gaps: ObjectGap[] = []
  const otherKinds = new Map<string, number>()
  const unreadObjects: Problem[] = []
  for (const document of documents) {
    const each = await readDocument(document)
    unreadObjects.push(...each.problems)
    if (each.kind === 'none') gaps.push(...(each.gaps ?? []))
    if (each.kind !== 'cluster') continue
    read.push({file: document.name, objects: stripObjects(each.objects)})
    for (const [kind, count] of each.otherKinds) otherKinds.set(kind, (otherKinds.get(kind) ?? 0) + count)
  }
  const {cluster, problems} = mergeObjects(read, gaps)
  return {...(cluster && {cluster}), otherKinds, unreadObjects: [...unreadObjects, ...problems]}
}
