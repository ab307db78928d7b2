import {documentRow, type NodeDocument, nodeDocuments} from '../../core/contract/node-documents.ts'
import type {NodeState} from '../../core/dataplane/dataplane.ts'
import type {RuleCounters} from '../../core/dataplane/rule-counters.ts'
import {kindOfDocument} from '../../core/dump/layout.ts'
import type {DumpDocument} from '../../core/dump/model.ts'
import type {ClusterObjects} from '../../core/kubernetes/objects.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {TextDecoding} from '../../core/text/decode.ts'
import type {KeptRules} from '../live/kept-rules.ts'
import type {DocumentReader} from '../node/document-reader.ts'
import {NFT_RULES} from '../node/documents.ts'

/** What a scrape reads: counters, and how many members each set has, but not which. And what only Azure NPM knows. */
const scrapedDocuments: readonly NodeDocument[] = nodeDocuments.filter(name => {
  const {content} = documentRow(name)
  return content === 'iptables-save' || content === 'ipset-list' || content === 'hns' || content === 'npm-metrics'
})

export interface ScrapedNode {
  /** Undefined when nothing could be read. */
  readonly state: NodeState | undefined
  /** What its rules count, where that is newer than their text. */
  readonly counters?: RuleCounters
  readonly hasNpmPages: boolean
  readonly problems: readonly Problem[]
}

export interface ScrapeOptions {
  readonly node: string
  readonly readers: (asked: readonly NodeDocument[]) => Promise<Map<NodeDocument, DocumentReader>>
  /** The cluster's objects, where they are known. */
  readonly cluster: () => ClusterObjects | undefined
  /** Rules that need not be read again, where anybody keeps them. */
  readonly kept?: KeptRules
  /** Of all documents together. */
  readonly mostBytes: number
  readonly signal: AbortSignal
}

/** Reads what metrics need of this node, one document after the other. Never throws: what fails is a problem, and left out. */
export async function scrapeNode({node, readers, cluster, kept, mostBytes, signal}: ScrapeOptions): Promise<ScrapedNode> {
  const documents: DumpDocument[] = []
  const problems: Problem[] = []
  let left = mostBytes
  let hasNpmPages = false
  let counters: RuleCounters | undefined
  let areRulesWhole = true
  for (const [name, reader] of await readers(scrapedDocuments)) {
    const kind = kindOfDocument(name)
    const known = name === NFT_RULES ? await kept?.take() : undefined
    if (known && known.bytes <= left) {
      left -= known.bytes
      ;({counters} = known)
      documents.push({name, folder: 'local', text: known.text, parsed: known.parsed, ...(kind && {kind})})
      continue
    }
    const generation = name === NFT_RULES ? await kept?.generation() : undefined
    const read = await readDocument(name, reader, left, signal)
    left -= read.bytes
    problems.push(...read.problems)
    // Of a document that is not whole nothing is told: a counter that misses rules would seem to be set back.
    if (read.problems.length > 0) {
      areRulesWhole &&= !isOfRules(name)
      continue
    }
    const parsed = {}
    const isKept = name === NFT_RULES && kept !== undefined
    if (isKept) await kept.keep(generation, read.text, parsed, read.bytes)
    hasNpmPages ||= kind === 'npm-metrics'
    documents.push({name, folder: 'local', text: read.text, ...(isKept && {parsed}), ...(kind && {kind})})
  }
  const {readDump} = await import('../../core/dump/read-dump.ts')
  const objects = cluster()
  // The rules of one back end alone would seem to be all: those of the other would be gone, and be counted anew when they are back.
  const told = areRulesWhole ? documents : documents.filter(document => !isOfRules(document.name))
  const [opened] = told.length > 0 ? (await readDump(told)).nodes : []
  return {
    state: opened?.with({node, ...(objects && {cluster: objects})}),
    hasNpmPages,
    problems,
    ...(counters && areRulesWhole && {counters}),
  }
}

const isOfRules = (name: string): boolean => documentRow(name)?.content === 'iptables-save'

async function readDocument(
  name: NodeDocument,
  reader: DocumentReader,
  mostBytes: number,
  signal: AbortSignal,
): Promise<{readonly text: DumpDocument['text']; readonly bytes: number; readonly problems: readonly Problem[]}> {
  const decoding = new TextDecoding()
  const stop = new AbortController()
  const pieces = reader(AbortSignal.any([signal, stop.signal]))
  let bytes = 0
  for (;;) {
    const next = await pieces.next()
    if (next.done) return {text: decoding.end(), bytes, problems: next.value.problems}
    bytes += next.value.length
    if (bytes > mostBytes) {
      stop.abort()
      await pieces.return({command: '', problems: []})
      return {text: [], bytes: 0, problems: [tooLarge(name)]}
    }
    decoding.push(next.value)
  }
}

const tooLarge = (name: NodeDocument): Problem => ({
  code: 'TRUNCATED_FILE',
  message: `${name} is too large for metrics`,
  next: 'Read the node with kubectl npm metrics --node.',
})
