import {documentRow, documentsFor, type NodeDocument, type SpecialDocument} from '../../core/contract/node-documents.ts'
import type {Limits} from '../limits/limits.ts'
import {initialSync, type SyncSource} from '../watch/initial-sync.ts'
import {staleProblems} from '../watch/sync-problems.ts'
import type {DocumentReader} from './document-reader.ts'
import {readLegacyTables} from './legacy-tables.ts'
import {hasNpmPages, NPM_PORT, npmPageReader} from './npm-pages.ts'
import {type Run, type Start, start as startTool} from './run.ts'
import {toolProblem} from './tool-failure.ts'
import {isNftSave, versionsReader} from './versions.ts'

/** The cluster as the agent watches it: what a dump needs of it. */
export interface ClusterSource extends SyncSource {
  clusterJson(): Iterable<string>
}

export interface DocumentSources {
  readonly version: string
  readonly cluster: ClusterSource | undefined
  readonly limits: Limits
  /** Tests replace what follows. */
  readonly run: Run
  readonly start?: Start
  readonly legacyTables?: () => Promise<string | undefined>
  readonly npmPort?: number
}

/** The documents that hold the rules and sets of the kernel: all that a comparison, and `--local`, reads of a node. */
export const kernelDocuments = documentsFor('rules')

/** How each of the documents is read that this node can have. */
export async function documentReaders(
  asked: readonly NodeDocument[],
  sources: DocumentSources,
): Promise<Map<NodeDocument, DocumentReader>> {
  const {limits, cluster, run, start = startTool, legacyTables = readLegacyTables, npmPort = NPM_PORT} = sources
  const bounds = {timeoutMs: limits.toolMs, largestBytes: limits.toolBytes}
  const hasPages = asked.some(name => documentRow(name).page !== undefined) && (await hasNpmPages(npmPort))
  const special: Readonly<Record<SpecialDocument, () => DocumentReader | false | Promise<DocumentReader | false>>> = {
    'iptables-nft-save.txt': () => nftReader(start, run, bounds),
    // Running a legacy tool where the kernel has no legacy tables would load the legacy modules.
    'iptables-legacy-save.txt': async () =>
      ((await legacyTables()) ?? '').trim() !== '' && toolReader(start, 'iptables-legacy-save', ['-c'], bounds),
    'versions.txt': () => versionsReader(run, sources.version),
    'cluster.json': () => cluster !== undefined && clusterReader(cluster, limits),
  }
  const readers = new Map<NodeDocument, DocumentReader>()
  for (const name of asked) {
    const {page, tool} = documentRow(name)
    const [command = '', ...args] = tool?.split(' ') ?? []
    const reader =
      page !== undefined
        ? hasPages && npmPageReader(page, npmPort, limits)
        : tool !== undefined
          ? toolReader(start, command, args, bounds)
          : await special[name as SpecialDocument]()
    if (reader !== false) readers.set(name, reader)
  }
  return readers
}

interface Bounds {
  readonly timeoutMs: number
  readonly largestBytes: number
}

function toolReader(start: Start, command: string, args: readonly string[], bounds: Bounds): DocumentReader {
  return async function* read(signal) {
    const tool = start(command, args, {...bounds, signal})
    yield* tool.stdout
    const ending = await tool.ending
    return {command: tool.command, problems: ending.end === 'ok' ? [] : [toolProblem(ending)]}
  }
}

/** Distributions without `iptables-nft-save` call it `iptables-save`; that name may also mean the legacy tool. */
function nftReader(start: Start, run: Run, bounds: Bounds): DocumentReader {
  return async function* read(signal) {
    const tool = start('iptables-nft-save', ['-c'], {...bounds, signal})
    yield* tool.stdout
    const ending = await tool.ending
    if (ending.end === 'missing' && (await isNftSave('iptables-save', run, signal)))
      return yield* toolReader(start, 'iptables-save', ['-c'], bounds)(signal)
    return {command: tool.command, problems: ending.end === 'ok' ? [] : [toolProblem(ending)]}
  }
}

/** Texts of the cluster are joined to pieces of at least this size, which are worth compressing. */
const PIECE_CHARS = 64 * 1024

function clusterReader(cluster: ClusterSource, {firstListsMs}: Limits): DocumentReader {
  return async function* read(signal) {
    await initialSync(cluster, firstListsMs, signal)
    const problems = staleProblems(cluster.syncState())
    const encoder = new TextEncoder()
    let waiting = ''
    for (const text of cluster.clusterJson()) {
      if (signal.aborted) break
      waiting += text
      if (waiting.length < PIECE_CHARS) continue
      yield encoder.encode(waiting)
      waiting = ''
    }
    if (waiting !== '') yield encoder.encode(waiting)
    return {command: "the agent's watch of the cluster", problems}
  }
}
