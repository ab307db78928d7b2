import {documentRow, documentsFor, type NodeDocument} from '../../core/contract/node-documents.ts'
import {kindOfDocument} from '../../core/dump/layout.ts'
import type {DumpDocument} from '../../core/dump/model.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {limits} from '../limits/limits.ts'
import type {DocumentReader} from './document-reader.ts'
import {documentReaders, kernelDocuments, NFT_RULES} from './documents.ts'
import {nodeName} from './node-name.ts'
import {type NodeSource, nodeSource} from './node-source.ts'
import {type DocumentReading, readDocuments} from './read-documents.ts'
import {textsOfProcess} from './read-texts.ts'

/** What this node's kernel holds, as the tools print it: the same documents that a dump folder has. */
export interface LocalReading {
  readonly node: string
  readonly documents: readonly DumpDocument[]
  readonly problems: readonly Problem[]
}

export interface ReadLocalOptions extends Partial<NodeSource> {
  readonly signal?: AbortSignal
}

export interface ReadNodeOptions extends ReadLocalOptions {
  /** Whether to read the node's connections, too. */
  readonly withConnections?: boolean
  /** The generation of the rules of nftables: asked where a write may follow, which then need not print rules that nobody has changed. */
  readonly generation?: (() => Promise<number | undefined>) | undefined
}

/**
 * Reads rules and sets of this node, with the readers that the agent uses: iptables and ipsets of its network namespace, or HNS. Needs root.
 *
 * @returns texts, named by the command that printed them. A tool that is missing, fails or hangs is a problem; what it
 *   printed before, and what the others print, is there. Never throws.
 */
export async function readLocalNode({
  signal,
  withConnections = false,
  generation: askGeneration,
  ...replaced
}: ReadNodeOptions = {}): Promise<LocalReading> {
  const documents: DumpDocument[] = []
  const problems: Problem[] = []
  const sources = {version: '', cluster: undefined, limits, ...(await nodeSource()), ...replaced}
  const asked = withConnections ? [...kernelDocuments, ...documentsFor('flows')] : kernelDocuments
  const generation = await askGeneration?.()
  const readings = await readDocuments(await documentReaders(asked, sources), signal ?? new AbortController().signal)
  for (const reading of readings) {
    const {name, text, problems: failures} = reading
    const document = documentOf(reading)
    // Only headers and reference counts: worth having, not worth a second complaint, and of no use by halves.
    const isExtra = documentRow(name).content === 'ipset-list'
    const isWhole = failures.length === 0
    if (document && (isWhole || !isExtra)) documents.push(isWhole ? textsOfProcess.add(name, document) : document)
    if (isWhole && name === NFT_RULES && generation !== undefined) textsOfProcess.keepRules(text, generation)
    if (!isExtra) problems.push(...failures)
  }
  return {node: nodeName(), documents, problems}
}

function documentOf({name, text, command, problems}: DocumentReading): DumpDocument | undefined {
  // Of a list of connections the rest may hold what is asked about.
  if (problems.length > 0 && documentRow(name).use === 'flows') return undefined
  // An empty answer of a tool that ended well is an answer: there are no sets, there are no rules.
  const kind = problems.length === 0 ? kindOfDocument(name) : undefined
  const isThere = kind !== undefined || text.length > 0
  return isThere ? {name: command, folder: 'local', text, ...(kind && {kind})} : undefined
}

/** Who talks to whom is in no dump. */
const DUMPED = documentsFor('rules', 'objects', 'names', 'people')

/**
 * The readers of all documents that a dump of this node can have, for a dump without a running agent. Nothing is read before a
 * reader is called.
 *
 * @param version of this program, for `versions.txt`
 */
export async function localDocuments(version: string): Promise<{node: string; documents: Map<NodeDocument, DocumentReader>}> {
  return {
    node: nodeName(),
    documents: await documentReaders(DUMPED, {version, cluster: undefined, limits, ...(await nodeSource())}),
  }
}
