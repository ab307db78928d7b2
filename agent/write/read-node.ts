import {documentRow, type NodeDocument} from '../../core/contract/node-documents.ts'
import type {NodeState, NodeWriting} from '../../core/dataplane/dataplane.ts'
import type {NpmPart} from '../../core/dataplane/writing.ts'
import {kindOfDocument} from '../../core/dump/layout.ts'
import type {DumpDocument} from '../../core/dump/model.ts'
import {partDigest} from '../../core/plan/digest.ts'
import type {Text} from '../../core/text/lines.ts'
import {limits} from '../limits/limits.ts'
import {documentReaders, kernelDocuments} from '../node/documents.ts'
import type {ReadLocalOptions} from '../node/local-node.ts'
import {nodeSource} from '../node/node-source.ts'
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
}

export interface ReadNodeOptions extends ReadLocalOptions {
  readonly node: string
  /** By default the one of the node's data plane. */
  readonly writing?: NodeWriting | undefined
  /** What was read before. What is the same now is taken from there, with what its rules had counted then. */
  readonly texts?: ReadTexts
  /** Leaves out what nothing that is written rests on. */
  readonly withoutExtras?: boolean
}

/**
 * Reads rules and sets of this node, with the readers that all verbs use.
 *
 * @throws WriteFailure when not all of it can be read: what is not known is not changed
 */
export async function readNode(options: ReadNodeOptions): Promise<ReadNode> {
  const {files, documents} = await readTexts(options)
  return {files, ...(await openNode(options.node, documents, options.writing))}
}

/**
 * Reads whether a node has a part. Only where what the tools print does not say so line for line is it parsed.
 *
 * @param wanted with its digest
 * @throws WriteFailure when not all of it can be read
 */
export async function verifyNode(options: ReadNodeOptions, wanted: Omit<FoundPart, 'open'>): Promise<FoundPart> {
  const {documents} = await readTexts(options)
  const {node} = options
  const {writing, part} = wanted
  const parsed = () => openNode(node, documents, options.writing)
  if (!writing.isPrinted?.(documents, part)) return parsed()
  return {...wanted, open: async () => (await parsed()).state}
}

async function readTexts(options: ReadNodeOptions) {
  const {signal, texts, withoutExtras = false} = options
  const files = new Map<string, Text>()
  const documents: DumpDocument[] = []
  const sources = {version: '', cluster: undefined, limits, ...(await nodeSource()), ...options}
  const asked = withoutExtras ? kernelDocuments.filter(name => !isExtra(name)) : kernelDocuments
  const readings = await readDocuments(await documentReaders(asked, sources), signal ?? new AbortController().signal)
  for (const {name, text, problems} of readings) {
    const [problem] = problems
    if (problem && isExtra(name)) continue
    if (problem) throw new WriteFailure(`the node cannot be read: ${problem.message}`, problem.next)
    files.set(name, text)
    const document = documentOfNode(name, text)
    const {folder} = document
    documents.push(texts ? {...(texts.find(name, text) ?? texts.add(name, document)), folder} : document)
  }
  return {files, documents}
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

/** Only headers and reference counts, which nothing that is written rests on. */
const isExtra = (name: NodeDocument): boolean => documentRow(name).content === 'ipset-list'
