import {randomUUID} from 'node:crypto'
import type {DumpFailure} from '../../core/contract/dump.ts'
import {dumpFiles} from '../../core/dump/layout.ts'
import {makeManifest, manifestText} from '../../core/dump/make-manifest.ts'
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
  /** Services and their endpoints, where objects of the cluster come from agents, which do not know them. */
  readonly services?: Packed
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
  const {takenAt, redacted, nodes, cluster, services, failures, log} = content
  const manifest = makeManifest({
    id: randomUUID(),
    takenAt,
    version: packageFacts.version,
    redacted,
    nodes: nodes.map(({files, given, ...node}) => ({...node, documents: [...files.keys()], ...(given && {given: [...given]})})),
    failures: [...failures],
  })
  return [
    {path: dumpFiles.manifest, content: manifestText(manifest)},
    {path: dumpFiles.log, content: log.map(line => `${line}\n`).join('')},
    ...(cluster ? [{path: dumpFiles.cluster, content: cluster}] : []),
    ...(services ? [{path: dumpFiles.services, content: services}] : []),
    ...nodes.flatMap(({files}, index) =>
      [...files].map(([file, packed]) => ({path: `${manifest.nodes[index]?.folder}/${file}`, content: packed})),
    ),
  ]
}
