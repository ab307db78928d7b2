import {CLUSTER_DOCUMENT, documentRow} from '../contract/node-documents.ts'
import {type DocumentKind, kindOfContent} from './document-kind.ts'

/** The files of a dump; the documents of each node are in `nodes/NAME/`. */
export const dumpFiles = {manifest: 'dump.json', cluster: CLUSTER_DOCUMENT, log: 'collection.log', nodes: 'nodes'} as const

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

/**
 * The folder of a node's files in a dump. Names of nodes are valid names of hosts; any other name, which only a damaged dump has,
 * is replaced by a number.
 */
export function nodeFolder(name: string, index: number): string {
  const isPlain = /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)
  return `${dumpFiles.nodes}/${isPlain ? name : `node-${index + 1}`}`
}
