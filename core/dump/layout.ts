import {CLUSTER_DOCUMENT, documentRow} from '../contract/node-documents.ts'
import {type DocumentKind, kindOfContent} from './document-kind.ts'

/** What a dump is made of: these files, and `nodes/NAME/` with the documents of each node. */
export const dumpFiles = {manifest: 'dump.json', cluster: CLUSTER_DOCUMENT, log: 'collection.log', nodes: 'nodes'} as const

/**
 * What a whole document of a node is, whatever its content: an empty answer of a tool is an answer. Undefined for documents that only
 * people read, and for unknown files.
 */
export function kindOfDocument(file: string): DocumentKind | undefined {
  const content = documentRow(file)?.content
  return content && kindOfContent[content]
}

/** Whether a file of a node's folder is one that a dump keeps. */
export const isNodeFile = (file: string): boolean => file !== CLUSTER_DOCUMENT && documentRow(file) !== undefined

/** Whether a file of a node is text that only people read: nothing but its name says what it is. */
export function isForPeople(file: string): boolean {
  const row = documentRow(file)
  return row !== undefined && row.content === undefined
}

/** Whether answers rest on a file. They do not on logs, metrics and versions, whose loss is in collection.log. */
export function isForAnswers(file: string | undefined): boolean {
  const use = file === undefined ? undefined : documentRow(file)?.use
  return use === 'rules' || use === 'objects'
}

/** A folder for a node's files. Names of nodes are names of hosts; others, which only a damaged dump has, get a number. */
export function nodeFolder(name: string, index: number): string {
  const isPlain = /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)
  return `${dumpFiles.nodes}/${isPlain ? name : `node-${index + 1}`}`
}
