import {type NodeDocument, nodeDocuments} from '../contract/node-documents.ts'
import type {DocumentKind} from './document-kind.ts'

/** What a dump is made of: these files, and `nodes/NAME/` with the documents of each node. */
export const dumpFiles = {manifest: 'dump.json', cluster: 'cluster.json', log: 'collection.log', nodes: 'nodes'} as const

/** Files of a node that come from the API server, not from the agent: what NPM's pod logged, and before its last restart. */
export const podLogs = ['npm.log', 'npm-previous.log'] as const

/** What a whole document is, whatever its content: an empty answer of a tool is an answer. */
const kinds: Readonly<Partial<Record<NodeDocument, DocumentKind>>> = {
  'iptables-nft-save.txt': 'iptables-save',
  'iptables-legacy-save.txt': 'iptables-save',
  'ipset-save.txt': 'ipset-save',
  'ipset-list.txt': 'ipset-list',
  'npm-cache.json': 'json',
  'npm-node-metrics.txt': 'npm-metrics',
  'npm-cluster-metrics.txt': 'npm-metrics',
  'cluster.json': 'json',
}

/** The kind of a node's document that answers are found from; undefined for those that only people read, and for unknown ones. */
export const kindOfDocument = (file: string): DocumentKind | undefined =>
  (nodeDocuments as readonly string[]).includes(file) ? kinds[file as NodeDocument] : undefined

/** Whether a file of a node is one that a dump keeps. */
export const isNodeFile = (file: string): boolean =>
  file !== dumpFiles.cluster && ([...nodeDocuments, ...podLogs] as readonly string[]).includes(file)

/** Whether answers depend on a file. They do without logs, metrics and versions; the loss of those is in collection.log. */
export const isForAnswers = (document: string | undefined): boolean =>
  document !== undefined && /^(?:iptables|ipset|cluster)/.test(document)

/** A folder for a node's files. Names of nodes are names of hosts; others, which only a damaged dump has, get a number. */
export function nodeFolder(name: string, index: number): string {
  const isPlain = /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)
  return `${dumpFiles.nodes}/${isPlain ? name : `node-${index + 1}`}`
}
