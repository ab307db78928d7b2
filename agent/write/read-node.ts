import {documentRow, type NodeDocument} from '../../core/contract/node-documents.ts'
import type {NodeState, NodeWriting} from '../../core/dataplane/dataplane.ts'
import type {NpmPart} from '../../core/dataplane/plan.ts'
import {kindOfDocument} from '../../core/dump/layout.ts'
import type {DumpDocument} from '../../core/dump/model.ts'
import {partDigest} from '../../core/plan/digest.ts'
import type {Text} from '../../core/text/lines.ts'
import {limits} from '../limits/limits.ts'
import {rulesGeneration} from '../netlink/generation.ts'
import {documentReaders, kernelDocuments, LEGACY_RULES, NFT_RULES} from '../node/documents.ts'
import type {ReadLocalOptions} from '../node/local-node.ts'
import {isOfThisKernel, nodeSource} from '../node/node-source.ts'
import {readDocuments} from '../node/read-documents.ts'
import type {ReadTexts} from '../node/read-texts.ts'
import {sha256} from './sealed-record.ts'
import {WriteFailure} from './write-failure.ts'

/** A node that can be walked. It is opened when somebody asks. */
export interface LaterNode {
  readonly open: () => Promise<NodeState>
}

/** What a node has of Azure NPM. */
export interface FoundPart extends LaterNode {
  readonly writing: NodeWriting
  readonly part: NpmPart
  readonly digest: string
}

/** A node as it is now. */
export interface ReadNode extends FoundPart {
  readonly state: NodeState
  /** What the tools printed, by the names that a dump has for it. */
  readonly files: ReadonlyMap<string, Text>
  /** Of the rules of nftables, from before they were read. Undefined where the kernel cannot be asked. */
  readonly generation?: number | undefined
}

export interface ReadNodeOptions extends ReadLocalOptions {
  readonly node: string
  /** By default the one of the node's data plane. */
  readonly writing?: NodeWriting | undefined
  /** What was read before. What is the same now is taken from there, with what its rules had counted then. */
  readonly texts?: ReadTexts
  /** Whether no rule is to be changed: then those of nftables need not be as they count now, while the kernel says that none was changed. */
  readonly isOfSets?: boolean
  /** Called when tools have been started. */
  readonly whenBegun?: (() => void) | undefined
  /** Tells the generation of the rules of nftables; by default the kernel of the tools that are run, if they are the real ones. */
  readonly generation?: (() => Promise<number | undefined>) | undefined
}

/**
 * Reads rules and sets of this node, with the readers that all verbs use.
 *
 * @throws WriteFailure when not all of it can be read: what is not known is not changed
 */
export async function readNode(options: ReadNodeOptions): Promise<ReadNode> {
  // Before the rules: what is changed while they are read counts as changed.
  const generation = await generationOf(options)
  const {texts, isOfSets = false} = options
  const known = isOfSets && generation !== undefined ? texts?.rulesOf(generation) : undefined
  const {files, documents} = await readTexts(options, kernelDocuments, known)
  const rules = files.get(NFT_RULES)
  if (rules && rules !== known && generation !== undefined) texts?.keepRules(rules, generation)
  return {files, generation, ...(await openNode(options.node, documents, options.writing))}
}

/** Who replaces tools has a kernel of their own. */
const generationOf = async ({generation, ...source}: ReadNodeOptions): Promise<number | undefined> =>
  generation ? generation() : isOfThisKernel(source) ? rulesGeneration() : undefined

/**
 * Reads whether a node has a part. Only where what the tools print does not say so line for line is it parsed.
 *
 * @param wanted with its digest
 * @param before the node before a write that told ipset alone. While the kernel says that no rule has been changed since then, its rules
 *   are those of now: printing them takes longer than all else.
 * @throws WriteFailure when not all of it can be read
 */
export async function verifyNode(
  options: ReadNodeOptions,
  wanted: Omit<FoundPart, 'open'>,
  before?: ReadNode,
): Promise<FoundPart> {
  const {node} = options
  const {writing, part} = wanted
  const look = async (rules?: Text) => {
    const inPrint = writing.inPrint?.(part)
    const {documents} = await readTexts(options, VERIFIED, rules, document => inPrint?.see(document))
    return {documents, isPart: inPrint?.isSeen() ?? false}
  }
  const found = (documents: readonly DumpDocument[]): FoundPart => ({
    ...wanted,
    open: async () => (await openNode(node, documents, options.writing)).state,
  })
  const rules = before?.files.get(NFT_RULES)
  if (rules && before?.generation !== undefined && !before.files.has(LEGACY_RULES)) {
    const {documents, isPart} = await look(rules)
    // Behind the sets: it speaks for all the time since the rules were read.
    if (isPart && (await generationOf(options)) === before.generation) return found(documents)
  }
  const {documents, isPart} = await look()
  return isPart ? found(documents) : openNode(node, documents, options.writing)
}

/**
 * @param rules of nftables, where they are known and not to be printed
 * @param see is given each document when it is there, while others are still being read
 */
async function readTexts(
  options: ReadNodeOptions,
  asked: readonly NodeDocument[],
  rules?: Text,
  see: (document: DumpDocument) => void = () => {},
) {
  const {signal, texts} = options
  const files = new Map<string, Text>()
  const documents: DumpDocument[] = []
  const sources = {version: '', cluster: undefined, limits, ...(await nodeSource()), ...options}
  const printed = rules ? asked.filter(name => name !== NFT_RULES) : asked
  const reading = readDocuments(
    await documentReaders(printed, sources),
    signal ?? new AbortController().signal,
    ({name, text, problems}) => {
      if (problems.length === 0) see(documentOfNode(name, text))
    },
  )
  options.whenBegun?.()
  if (rules) see(documentOfNode(NFT_RULES, rules))
  const readings = await reading
  for (const {name, text, problems} of [...(rules ? [{name: NFT_RULES, text: rules, problems: []}] : []), ...readings]) {
    const [problem] = problems
    if (problem && isExtra(name)) continue
    if (problem) throw new WriteFailure(`the node cannot be read: ${problem.message}`, problem.next)
    files.set(name, text)
    documents.push(parsedBefore(name, text, texts))
  }
  return {files, documents}
}

/** A document with what it was parsed to, if that is known. */
function parsedBefore(name: NodeDocument, text: Text, texts: ReadTexts | undefined): DumpDocument {
  const document = documentOfNode(name, text)
  const {folder} = document
  return texts ? {...(texts.find(name, text) ?? texts.add(name, document)), folder} : document
}

/**
 * Opens documents of one node.
 *
 * @throws WriteFailure when they do not hold all of Azure NPM's part
 */
export async function openNode(
  node: string,
  documents: readonly DumpDocument[],
  given?: NodeWriting,
): Promise<Omit<ReadNode, 'files'>> {
  const {readDump} = await import('../../core/dump/read-dump.ts')
  const [opened] = (await readDump(documents)).nodes
  if (!opened)
    throw new WriteFailure('the node has no rules and no sets that can be read', 'Look at them: kubectl npm dump --local')
  const state = opened.with({node})
  const writing = given ?? (await state.dataPlane.writing())
  const part = writing.partOf(state)
  if ('incomplete' in part) {
    const [first] = part.incomplete
    throw new WriteFailure(
      `not all of the node can be read: ${first?.part ?? 'a part'}: ${first?.reason ?? 'it is not whole'}`,
      first?.next ?? 'Read the node: kubectl npm dump --local',
    )
  }
  return {state, open: async () => state, writing, part, digest: partDigest(part, writing, sha256)}
}

/** A file of a node's folder of a dump. */
export function documentOfNode(name: string, text: Text): DumpDocument {
  const kind = kindOfDocument(name)
  return {name: `node/${name}`, folder: 'node', text, ...(kind && {kind})}
}

const isOfRules = (name: NodeDocument): boolean => documentRow(name).backend !== undefined

/** Only headers and reference counts, which nothing that is written rests on. */
const isExtra = (name: NodeDocument): boolean => documentRow(name).content === 'ipset-list'

/** What has to be read to know what a node has. Sets come first: they are looked at while rules are still being printed. */
const VERIFIED = kernelDocuments.filter(name => !isExtra(name)).toSorted((a, b) => Number(isOfRules(a)) - Number(isOfRules(b)))
