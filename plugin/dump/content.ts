import {randomUUID} from 'node:crypto'
import type {DumpFailure, DumpManifest} from '../../core/contract/dump.ts'
import {DUMP_FORMAT} from '../../core/contract/dump-format.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import {dumpFiles, nodeFolder} from '../../core/dump/layout.ts'
import type {Problem} from '../../core/problem/problem.ts'
import packageFacts from '../../package.json' with {type: 'json'}
import type {Packed} from '../bytes/packed.ts'

/** What was read of one node. */
export interface DumpedNode {
  readonly name: string
  readonly takenAt?: string
  readonly agentVersion?: string
  /** By name: `ipset-save.txt`. */
  readonly files: ReadonlyMap<string, Packed>
  /** Those of which nothing tells that they are all that a tool printed. */
  readonly given?: readonly string[]
}

/** All that a dump is to hold. */
export interface DumpContent {
  readonly takenAt: string
  readonly redacted: boolean
  readonly nodes: readonly DumpedNode[]
  /** Objects of the cluster. */
  readonly cluster?: Packed
  readonly failures: readonly DumpFailure[]
  /** Lines of collection.log. */
  readonly log: readonly string[]
}

/** What was collected, and what there is to say to whoever collects it. */
export interface Collected {
  readonly content: DumpContent
  /** What this very collection could not read. */
  readonly failures: readonly DumpFailure[]
  readonly problems: readonly Problem[]
}

/** A file of a dump, by its path in it. */
export interface DumpFile {
  readonly path: string
  readonly content: Packed | string
}

/** The files of a dump. What says what is in it comes first, for whoever reads only the beginning of an archive. */
export function filesOf(content: DumpContent): DumpFile[] {
  const {takenAt, redacted, nodes, cluster, failures, log} = content
  const folders = foldersOf(nodes)
  const manifest: DumpManifest = {
    apiVersion: API_VERSION,
    kind: 'Dump',
    formatVersion: DUMP_FORMAT,
    id: randomUUID(),
    takenAt,
    version: packageFacts.version,
    redacted,
    nodes: nodes.map(({name, takenAt: readAt, agentVersion, files, given}, index) => ({
      name,
      folder: folders[index] as string,
      ...(readAt !== undefined && {takenAt: readAt}),
      ...(agentVersion !== undefined && {agentVersion}),
      documents: [...files.keys()],
      ...(given && {given: [...given]}),
    })),
    failures: [...failures],
  }
  return [
    {path: dumpFiles.manifest, content: `${JSON.stringify(manifest, undefined, 2)}\n`},
    {path: dumpFiles.log, content: log.map(line => `${line}\n`).join('')},
    ...(cluster ? [{path: dumpFiles.cluster, content: cluster}] : []),
    ...nodes.flatMap(({files}, index) =>
      [...files].map(([file, packed]) => ({path: `${folders[index]}/${file}`, content: packed})),
    ),
  ]
}

/** Dumps of two moments may hold the same node twice, and some file systems do not tell `A` from `a`. */
function foldersOf(nodes: readonly DumpedNode[]): string[] {
  const taken = new Set<string>()
  const folders: string[] = []
  /** The next number to try, by folder: thousands of nodes may have one name. */
  const numbers = new Map<string, number>()
  for (const [index, {name}] of nodes.entries()) {
    const plain = nodeFolder(name, index)
    let folder = plain
    const key = plain.toLowerCase()
    let number = numbers.get(key) ?? 2
    for (; taken.has(folder.toLowerCase()); number++) folder = `${plain}.${number}`
    numbers.set(key, number)
    taken.add(folder.toLowerCase())
    folders.push(folder)
  }
  return folders
}
