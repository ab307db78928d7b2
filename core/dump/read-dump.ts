import type {NodeFailure} from '../contract/common.ts'
import type {DataPlane, NodeState} from '../dataplane/dataplane.ts'
import {linux} from '../dataplanes.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import {sharedAddressProblems} from '../kubernetes/shared-addresses.ts'
import {InputError} from '../problem/input-error.ts'
import type {Problem} from '../problem/problem.ts'
import {joinRepeated} from '../problem/problem-list.ts'
import {mergeObjects} from './merge-objects.ts'
import type {DumpDocument} from './model.ts'
import {holdsRules, type ReadDocument, readDocument} from './read-document.ts'
import {type SortedDocuments, type SortedNode, sortDocuments} from './sort-documents.ts'
import {splitDocument} from './split-document.ts'

/** A cluster has at most 5,000 nodes; two dumps of it may be read together. */
const MOST_NODES = 10_000

/** Nodes, and what is not known of the input. */
export interface ReadNodes {
  readonly nodes: NodeState[]
  /** Problems that belong to no node. */
  readonly problems: Problem[]
  /** Nodes that a dump names, and of which neither rules nor sets are there. */
  readonly lost: NodeFailure[]
  /** Whether names and addresses stand for others. */
  readonly isRedacted: boolean
}

/**
 * Reads documents, recognises each by its content, and opens the nodes that they belong to.
 *
 * Documents of one folder belong to one node. When only one folder has rules or sets, everything belongs to it;
 * cluster objects belong to every node. In the folder of a `dump.json` the layout of a dump decides.
 *
 * @throws InputError when there are more nodes than any cluster has
 */
export async function readDump(documents: readonly DumpDocument[]): Promise<ReadNodes> {
  const sorted = sortDocuments(documents)
  const {isRedacted} = sorted
  const read: ReadDocument[] = []
  for (const document of sorted.documents.flatMap(each => splitDocument(each))) read.push(await readDocument(document))
  const folders = new Set(read.filter(holdsRules).map(each => each.document.folder))
  const {cluster, problems: differing} = mergeObjects(
    read.flatMap(each => (each.kind === 'cluster' ? [{file: each.document.name, objects: each.objects}] : [])),
    read.flatMap(each => (each.kind === 'none' ? (each.gaps ?? []) : [])),
  )
  const clashes = [...differing, ...(cluster ? sharedAddressProblems(cluster) : [])]
  if (folders.size <= 1) {
    // A backup has its Node objects in a folder `nodes/cluster`, which is no node's.
    const others = new Set(read.filter(({kind}) => kind !== 'cluster').map(({document}) => document.folder))
    const named = new Map([...sorted.nodes].filter(([folder, {dumpId}]) => dumpId !== undefined || others.has(folder)))
    const [only = onlyKey(named) ?? ''] = folders
    // What is known to be another node's stays out of it.
    const its = read.filter(({document: {folder}}) => folder === only || !named.has(folder))
    const nodes = [openNode(its, cluster, named.get(only), undefined)]
    return {nodes, problems: [...sorted.problems, ...clashes], lost: lostNodes(sorted, nodes), isRedacted}
  }
  if (folders.size > MOST_NODES)
    throw new InputError(
      `the input holds ${folders.size} folders with rules or sets, more than the ${MOST_NODES} nodes that are read at once`,
      'Give the folders of the nodes you mean one by one with --from.',
    )
  const byFolder = new Map([...folders].map(folder => [folder, [] as ReadDocument[]]))
  for (const each of read) byFolder.get(each.document.folder)?.push(each)
  const opened = [...byFolder].map(([folder, its]) => openNode(its, cluster, sorted.nodes.get(folder), lastName(folder)))
  // An archive has its files in the order in which a disk gave them.
  const nodes = opened.toSorted((a, b) => (a.node < b.node ? -1 : a.node > b.node ? 1 : 0))
  const rest = read.filter(each => !folders.has(each.document.folder))
  const problems = [...sorted.problems, ...clashes, ...joinRepeated(rest.flatMap(each => each.problems))]
  return {nodes, problems, lost: lostNodes(sorted, nodes), isRedacted}
}

function lostNodes(sorted: SortedDocuments, opened: readonly NodeState[]): NodeFailure[] {
  const names = new Set(opened.map(({node}) => node))
  const unread = [...sorted.nodes.values()].map(({name, problems: [first]}) => ({
    node: name,
    message: first?.message ?? 'neither rules nor sets of it are in the dump',
    next: first?.next ?? 'Take the dump again.',
  }))
  const all = [...sorted.lost, ...unread].filter(({node}) => !names.has(node))
  return [...new Map(all.map(each => [each.node, each])).values()]
}

const onlyKey = (map: ReadonlyMap<string, unknown>): string | undefined => (map.size === 1 ? [...map.keys()][0] : undefined)

/** `n1` of `dump/n1`, `n1.tgz` of `n1.tgz/.`; files given one by one have no folder to name their node. */
export const lastName = (folder: string): string | undefined => folder.split('/').findLast(name => name !== '' && name !== '.')

/** @param told what `dump.json` says about the node */
function openNode(
  read: readonly ReadDocument[],
  cluster: ClusterObjects | undefined,
  told: SortedNode | undefined,
  folder: string | undefined,
): NodeState {
  const cache = read.find(each => each.kind === 'npm-cache')?.cache
  const connections = read.flatMap(each =>
    each.kind === 'conntrack' ? [{file: each.document.name, text: each.document.text}] : [],
  )
  const metricPages = read.flatMap(each =>
    each.kind === 'npm-metrics' ? [{file: each.document.name, text: each.document.text}] : [],
  )
  const documents = read.filter(holdsRules)
  const dataPlane: DataPlane = documents[0]?.dataPlane ?? linux
  return dataPlane.open(
    {
      node: told?.name ?? cache?.node ?? folder ?? 'unknown',
      ...(told?.dumpId !== undefined && {dumpId: told.dumpId}),
      ...(told?.takenAt !== undefined && {takenAt: told.takenAt}),
      ...(cache && {cache}),
      metricNames: read.flatMap(each => (each.kind === 'npm-metrics' ? [...each.names] : [])),
      ...(cluster && {cluster}),
      ...(connections.length > 0 && {connections}),
      ...(metricPages.length > 0 && {metricPages}),
      problems: [...(told?.problems ?? []), ...joinRepeated(read.flatMap(each => [...each.problems]))],
    },
    documents.flatMap(each => (each.dataPlane === dataPlane ? [{name: each.document.name, content: each.content}] : [])),
  )
}
