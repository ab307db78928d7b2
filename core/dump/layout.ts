import {CLUSTER_DOCUMENT, documentRow} from '../contract/node-documents.ts'
import {fnv1a32} from '../names/hash.ts'
import {type DocumentKind, kindOfContent} from './document-kind.ts'

/** The files of a dump; the documents of each node are in `nodes/NAME/`. */
export const dumpFiles = {
  manifest: 'dump.json',
  cluster: CLUSTER_DOCUMENT,
  /** Services and their endpoints, which no agent knows. */
  services: 'services.json',
  log: 'collection.log',
  nodes: 'nodes',
} as const

/**
 * The kind of a complete document of a node, by its name and not its content: an empty output of a tool is an answer.
 *
 * @returns undefined for documents that only people read, and for unknown files
 */
export function kindOfDocument(file: string): DocumentKind | undefined {
  const content = documentRow(file)?.content
  return content && kindOfContent[content]
}

/** Whether a dump keeps a file of that name in a node's folder. */
export const isNodeFile = (file: string): boolean => file !== CLUSTER_DOCUMENT && documentRow(file) !== undefined

/** Whether a file of a node is text that only people read. Only its name says what it is. */
export function isForPeople(file: string): boolean {
  const row = documentRow(file)
  return row !== undefined && row.content === undefined
}

/** Whether answers depend on a file. They do not depend on logs, metrics and versions, whose loss is noted in collection.log. */
export function isForAnswers(file: string | undefined): boolean {
  const use = file === undefined ? undefined : documentRow(file)?.use
  return use === 'rules' || use === 'objects'
}

/** Characters of a folder's name. File systems take 255 bytes, and tools that copy a folder add to its name. */
const LONGEST_FOLDER = 200
/** Windows keeps these names for devices, whatever follows behind a dot. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i

/**
 * The folder of a node's files in a dump; dump.json has the name itself. Names of nodes are valid names of hosts. Of a longer name the
 * beginning and a hash are left. Any other name, which only a damaged or made-up dump has, is replaced by a number.
 */
export function nodeFolder(name: string, index: number): string {
  const isPlain = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(name) && !DEVICE.test(name)
  if (!isPlain) return `${dumpFiles.nodes}/node-${index + 1}`
  if (name.length <= LONGEST_FOLDER) return `${dumpFiles.nodes}/${name}`
  const hash = fnv1a32(name).toString(36)
  return `${dumpFiles.nodes}/${name.slice(0, LONGEST_FOLDER - hash.length - 1)}-${hash}`
}
