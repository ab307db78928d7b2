import {documentRow, documentsFor, type NodeDocument, type SpecialDocument} from '../../core/contract/node-documents.ts'
import type {Limits} from '../limits/limits.ts'
import {initialSync, type SyncSource} from '../watch/initial-sync.ts'
import {staleProblems} from '../watch/sync-problems.ts'
import type {DocumentReader} from './document-reader.ts'
import {endpointsReader, networksReader} from './hns-documents.ts'
import {readLegacyTables} from './legacy-tables.ts'
import type {NodeSource} from './node-source.ts'
import {hasNpmPages, NPM_PORT, npmPageReader} from './npm-pages.ts'
import {notStarted, type Run, type Start, start as startTool} from './run.ts'
import {toolProblem} from './tool-failure.ts'
import {takeTurn} from './turn.ts'
import {isNftSave, versionsReader, WINDOWS_VERSIONS} from './versions.ts'

/** The cluster as the agent watches it: what a dump needs of it. */
export interface ClusterSource extends SyncSource {
  clusterJson(): Iterable<string>
}

export interface DocumentSources extends NodeSource {
  readonly version: string
  readonly cluster: ClusterSource | undefined
  readonly limits: Limits
  /** Tests replace it. */
  readonly npmPort?: number
}

/** Programs that hold all rules while they print them. */
export const largePrograms = ['iptables-nft-save', 'iptables-legacy-save'] as const

/** The documents that hold the rules and sets of the kernel: all that a comparison, and `--local`, reads of a node. */
export const kernelDocuments = documentsFor('rules')

const rulesOf = (backend: 'nft' | 'legacy'): NodeDocument =>
  kernelDocuments.find(name => documentRow(name).backend === backend) as NodeDocument
/** The rules of each back end. */
export const NFT_RULES = rulesOf('nft')
export const LEGACY_RULES = rulesOf('legacy')

/** How each of the documents is read that this node can have. */
export async function documentReaders(
  asked: readonly NodeDocument[],
  sources: DocumentSources,
): Promise<Map<NodeDocument, DocumentReader>> {
  const {limits, cluster, run, hns, start = startTool, legacyTables = readLegacyTables, npmPort = NPM_PORT} = sources
  const bounds = {timeoutMs: limits.toolMs, largestBytes: limits.toolBytes}
  const system = hns ? 'windows' : 'linux'
  const hasPages = asked.some(name => documentRow(name).page !== undefined) && (await hasNpmPages(npmPort))
  const special: Readonly<Record<SpecialDocument, () => DocumentReader | false | Promise<DocumentReader | false>>> = {
    'iptables-nft-save.txt': () => inTurn('iptables-nft-save', NFT, nftReader(start, run, bounds), bounds),
    'iptables-legacy-save.txt': () => legacyReader(start, legacyTables, bounds),
    'hns-networks.json': () => hns !== undefined && networksReader(hns),
    'hns-endpoints.json': () => hns !== undefined && endpointsReader(hns),
    'versions.txt': () =>
      inTurn('versions', hns ? WINDOWS_VERSIONS : 'uname -a', versionsReader(sources, sources.version), bounds),
    'cluster.json': () => cluster !== undefined && clusterReader(cluster, limits),
  }
  const readers = new Map<NodeDocument, DocumentReader>()
  for (const name of asked) {
    const {page, tool, on = system} = documentRow(name)
    if (on !== system) continue
    const [command = '', ...args] = tool?.split(' ') ?? []
    const reader =
      page !== undefined
        ? hasPages && npmPageReader(page, npmPort, limits)
        : tool !== undefined
          ? inTurn(command, tool, toolReader(start, command, args, bounds), bounds)
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

const NFT = 'iptables-nft-save -c'
const LEGACY = 'iptables-legacy-save -c'

/** Running a legacy tool where the kernel has no legacy tables would load the legacy modules. */
async function legacyReader(
  start: Start,
  legacyTables: () => Promise<string | undefined>,
  bounds: Bounds,
): Promise<DocumentReader | false> {
  try {
    if (((await legacyTables()) ?? '').trim() === '') return false
  } catch (error) {
    const failure = `whether there are legacy tables is unknown: ${(error as Error).message}`
    return toolReader(() => notStarted(LEGACY, failure), LEGACY, [], bounds)
  }
  return inTurn('iptables-legacy-save', LEGACY, toolReader(start, 'iptables-legacy-save', ['-c'], bounds), bounds)
}

/** One such reader at a time. Who has waited for as long as a tool may run gives up. */
function inTurn(program: string, command: string, read: DocumentReader, {timeoutMs}: Bounds): DocumentReader {
  return async function* readInTurn(signal) {
    const endTurn = await takeTurn([program], timeoutMs, signal)
    if (!endTurn) {
      const failure = signal.aborted
        ? 'it was interrupted'
        : `it was not started: other reads of the same took ${timeoutMs / 1000} s`
      return {command, problems: [toolProblem({command, end: 'failed', failure, durationMs: timeoutMs})]}
    }
    try {
      return yield* read(signal)
    } finally {
      endTurn()
    }
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
