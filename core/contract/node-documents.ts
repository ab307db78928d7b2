/**
 * The documents of a node, one row for each: what the agent reads, what a dump keeps in `nodes/NAME/`, and what each is for. Whoever needs
 * some of them asks for a use, a content or a back end, and names no file.
 *
 * A new document is a row here and, unless a command or a page of NPM gives it, a reader in agent/node/documents.ts; a new content
 * is a row in core/dump/document-kind.ts besides, and a parser. Words only: the schemas of the wire take the names from here, and a dump is read without the library of schemas.
 */

/** What a document holds when it is whole. */
export type DocumentContent =
  | 'iptables-save'
  | 'ipset-save'
  | 'ipset-list'
  | 'npm-cache'
  | 'npm-metrics'
  | 'cluster'
  | 'conntrack'
  | 'hns'

/**
 * What a document is for. `rules`: rules and sets of the kernel; every answer rests on them. `objects`: the cluster's objects; what should
 * be rests on them. `names`: it only tells what hashes were made of. `flows`: who talks to whom, which needs a right of its own and is read
 * when it is asked about. `people`: no answer needs it.
 */
export type DocumentUse = 'rules' | 'objects' | 'names' | 'flows' | 'people'

export interface DocumentRow {
  /** Who gives it: the agent of the node, or the API server with the person's own rights. */
  readonly from: 'agent' | 'api-server'
  /** The operating system of the nodes that have it. Absent for all. */
  readonly on?: 'linux' | 'windows'
  readonly use: DocumentUse
  /** Absent for text that nothing but people reads. */
  readonly content?: DocumentContent
  /** Of iptables, whose rules it holds. */
  readonly backend?: 'nft' | 'legacy'
  /** What tells it, in the name of a file that somebody took by hand, from another of the same content. */
  readonly nameHint?: string
  /** The command whose output it is. */
  readonly tool?: string
  /** The page of Azure NPM that it is. */
  readonly page?: string
  /** Commands that a reader of its own runs, in place of `tool`. */
  readonly commands?: readonly string[]
  /** Of NPM's pod: what it has logged since its start, or before its last restart. */
  readonly log?: 'current' | 'previous'
}

/** The objects of the cluster. An agent gives them as a document of its node, and a dump keeps them once, beside its nodes. */
export const CLUSTER_DOCUMENT = 'cluster.json' as const

const rows = {
  'iptables-nft-save.txt': {
    from: 'agent',
    on: 'linux',
    use: 'rules',
    content: 'iptables-save',
    backend: 'nft',
    commands: ['iptables-nft-save -c', 'iptables-save -c'],
  },
  'iptables-legacy-save.txt': {
    from: 'agent',
    on: 'linux',
    use: 'rules',
    content: 'iptables-save',
    backend: 'legacy',
    commands: ['iptables-legacy-save -c'],
  },
  'ipset-save.txt': {from: 'agent', on: 'linux', use: 'rules', content: 'ipset-save', tool: 'ipset save'},
  'ipset-list.txt': {from: 'agent', on: 'linux', use: 'rules', content: 'ipset-list', tool: 'ipset list -t'},
  'conntrack.txt': {from: 'agent', on: 'linux', use: 'flows', content: 'conntrack', tool: 'conntrack -L -o extended'},
  'conntrack-count.txt': {from: 'agent', on: 'linux', use: 'people', tool: 'conntrack -C'},
  'hns-networks.json': {from: 'agent', on: 'windows', use: 'rules', content: 'hns', commands: ['networks of HNS']},
  'hns-endpoints.json': {
    from: 'agent',
    on: 'windows',
    use: 'rules',
    content: 'hns',
    nameHint: 'endpoint',
    commands: ['endpoints of HNS'],
  },
  'versions.txt': {from: 'agent', use: 'people', commands: ['uname -a', 'versions of Windows and HNS']},
  'npm-cache.json': {from: 'agent', use: 'names', content: 'npm-cache', page: '/npm/v1/debug/manager'},
  'npm-node-metrics.txt': {from: 'agent', use: 'names', content: 'npm-metrics', page: '/node-metrics'},
  // It counts policies and names no set.
  'npm-cluster-metrics.txt': {
    from: 'agent',
    use: 'people',
    content: 'npm-metrics',
    nameHint: 'cluster',
    page: '/cluster-metrics',
  },
  [CLUSTER_DOCUMENT]: {from: 'agent', use: 'objects', content: 'cluster'},
  'npm.log': {from: 'api-server', use: 'people', log: 'current'},
  'npm-previous.log': {from: 'api-server', use: 'people', log: 'previous'},
} as const satisfies Readonly<Record<string, DocumentRow>>

type File = keyof typeof rows

/** A document that an agent reads: a word of the wire. A dump by an older version lacks some. */
export type NodeDocument = {[Each in File]: (typeof rows)[Each]['from'] extends 'agent' ? Each : never}[File]

/** A document of which it takes more than one command or one page. */
export type SpecialDocument = {
  [Each in NodeDocument]: (typeof rows)[Each] extends {tool: string} | {page: string} ? never : Each
}[NodeDocument]

const entries: readonly (readonly [File, DocumentRow])[] = Object.entries(rows) as [File, DocumentRow][]
const byFile: ReadonlyMap<string, DocumentRow> = new Map(entries)

/** The names of all documents of a node. */
export const documentFiles: readonly string[] = [...byFile.keys()]

/** All documents that agents read, in the order in which they are read. */
export const nodeDocuments: readonly NodeDocument[] = entries.flatMap(([file, {from}]) =>
  from === 'agent' ? [file as NodeDocument] : [],
)

const documentsWith = (isMeant: (row: DocumentRow) => boolean): readonly NodeDocument[] =>
  nodeDocuments.filter(file => isMeant(rows[file]))

/** What NPM's pod has logged, since its start and before its last restart. */
export const podLogs = Object.fromEntries(entries.flatMap(([file, {log}]) => (log ? [[log, file]] : []))) as Readonly<
  Record<'current' | 'previous', string>
>

/** The row of a document; undefined for a file that is none. */
export function documentRow(file: NodeDocument): DocumentRow
export function documentRow(file: string): DocumentRow | undefined
export function documentRow(file: string): DocumentRow | undefined {
  return byFile.get(file)
}

/** The agent's documents that are for one of some uses. */
export const documentsFor = (...uses: readonly DocumentUse[]): readonly NodeDocument[] =>
  documentsWith(({use}) => uses.includes(use))

/**
 * The document that holds a content.
 *
 * @param backend of iptables, whose rules the content is
 * @param givenName what a person called the file, which decides where two documents have the same content
 */
export function documentOf(content: DocumentContent, backend: DocumentRow['backend'], givenName: string): string | undefined {
  const fitting = entries.filter(([, row]) => row.from !== 'api-server' && row.content === content && row.backend === backend)
  const hinted = fitting.find(([, {nameHint}]) => nameHint !== undefined && givenName.includes(nameHint))
  return (hinted ?? fitting[0])?.[0]
}
