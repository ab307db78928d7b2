import {type ClusterObjects, emptyCluster, objectKey} from '../kubernetes/objects.ts'
import type {MatchSet} from '../linux/ipset/model.ts'
import type {Problem} from '../problem/problem.ts'
import {chooseSave} from './choose-save.ts'
import type {DumpDocument, NodeDump} from './model.ts'
import {holdsRules, type ReadDocument, readDocument} from './read-document.ts'
import {type SortedNode, sortDocuments} from './sort-documents.ts'

/**
 * Reads documents, recognises each by its content, and sorts them into one dump for each node.
 *
 * Documents of one folder belong to one node. When only one folder has rules or sets, everything belongs to it;
 * cluster objects belong to every node. A folder with a `dump.json` says itself what is whose.
 *
 * @returns the nodes, and the problems that belong to no node
 */
export async function readDump(documents: readonly DumpDocument[]): Promise<{nodes: NodeDump[]; problems: Problem[]}> {
  const sorted = sortDocuments(documents)
  const read: ReadDocument[] = []
  for (const document of sorted.documents) read.push(await readDocument(document))
  const folders = new Set(read.filter(holdsRules).map(each => each.document.folder))
  const cluster = mergeObjects(read.flatMap(each => (each.kind === 'cluster' ? [each.objects] : [])))
  if (folders.size <= 1) {
    const [only = onlyKey(sorted.nodes) ?? ''] = folders
    // What is known to be another node's stays out of it.
    const its = read.filter(({document: {folder}}) => folder === only || !sorted.nodes.has(folder))
    return {nodes: [buildNode(its, cluster, sorted.nodes.get(only), undefined)], problems: [...sorted.problems]}
  }
  const nodes = [...folders].map(folder =>
    buildNode(
      read.filter(each => each.document.folder === folder),
      cluster,
      sorted.nodes.get(folder),
      lastName(folder),
    ),
  )
  const rest = read.filter(each => !folders.has(each.document.folder))
  return {nodes, problems: [...sorted.problems, ...rest.flatMap(each => each.problems)]}
}

const onlyKey = (map: ReadonlyMap<string, unknown>): string | undefined => (map.size === 1 ? [...map.keys()][0] : undefined)

/** `n1` of `dump/n1`, `n1.tgz` of `n1.tgz/.`; files given one by one have no folder to name their node. */
export const lastName = (folder: string): string | undefined => folder.split('/').findLast(name => name !== '' && name !== '.')

/** @param told what `dump.json` says of the node */
function buildNode(
  read: readonly ReadDocument[],
  cluster: ClusterObjects | undefined,
  told: SortedNode | undefined,
  folder: string | undefined,
): NodeDump {
  const problems = [...(told?.problems ?? []), ...read.flatMap(each => [...each.problems])]
  const save = chooseSave(read.flatMap(each => (each.kind === 'iptables-save' ? [each.save] : [])))
  problems.push(...save.problems)
  const {sets, problems: setProblems} = mergeSets(read)
  problems.push(...setProblems)
  const cache = read.find(each => each.kind === 'npm-cache')?.cache
  return {
    node: told?.name ?? cache?.node ?? folder ?? 'unknown',
    ...(told?.dumpId !== undefined && {dumpId: told.dumpId}),
    ...(told?.takenAt !== undefined && {takenAt: told.takenAt}),
    ...(save.chosen && {save: save.chosen}),
    ...(sets && {sets}),
    hasMembers: sets !== undefined && [...sets.values()].every(set => set.members.length > 0 || (set.entries ?? 0) === 0),
    ...(cache && {cache}),
    metricNames: read.flatMap(each => (each.kind === 'npm-metrics' ? [...each.names] : [])),
    ...(cluster && {cluster}),
    problems,
  }
}

/** `ipset save` tells members, `ipset list` references besides: together they are one picture. */
function mergeSets(read: readonly ReadDocument[]): {sets?: Map<string, MatchSet>; problems: Problem[]} {
  const saves = read.flatMap(each => (each.kind === 'ipset-save' ? [each] : []))
  const lists = read.flatMap(each => (each.kind === 'ipset-list' ? [each] : []))
  for (const group of [saves, lists]) {
    if (group.length < 2) continue
    const names = group.map(each => each.document.name).join(' and ')
    return {
      problems: [
        {
          code: 'AMBIGUOUS_FILES',
          message: `several ipset dumps of one node: ${names}`,
          next: 'Which one is meant is unknown. Give the files you mean one by one with --from.',
        },
      ],
    }
  }
  const listed = new Map(lists[0]?.sets.map(set => [set.name, set]))
  if (!saves[0]) return lists[0] ? {sets: listed, problems: []} : {problems: []}
  const sets = new Map(
    saves[0].sets.map(set => {
      const {revision, sizeBytes, references, entries} = listed.get(set.name) ?? {}
      const told = {
        ...(revision !== undefined && {revision}),
        ...(sizeBytes !== undefined && {sizeBytes}),
        ...(references !== undefined && {references}),
        ...(entries !== undefined && {entries}),
      }
      return [set.name, {...set, ...told}]
    }),
  )
  return {sets, problems: []}
}

/** The same object may be in several files; the first one counts. */
export function mergeObjects(all: readonly ClusterObjects[]): ClusterObjects | undefined {
  if (all.length <= 1) return all[0]
  const merged = emptyCluster()
  for (const kind of ['namespaces', 'pods', 'policies', 'nodes'] as const) {
    const seen = new Set<string>()
    for (const object of all.flatMap(objects => objects[kind] as {metadata: ClusterObjects['pods'][number]['metadata']}[])) {
      const key = objectKey(object)
      if (seen.has(key)) continue
      seen.add(key)
      ;(merged[kind] as unknown[]).push(object)
    }
  }
  return merged
}
