import {documentRow, type NodeDocument, nodeDocuments} from '../../core/contract/node-documents.ts'
import {kindOfDocument} from '../../core/dump/layout.ts'
import type {DumpDocument} from '../../core/dump/model.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {TextDecoding} from '../../core/text/decode.ts'
import type {Text} from '../../core/text/lines.ts'
import {gunzip, readAll} from '../bytes/gunzip.ts'
import {InputBudget} from '../bytes/input-budget.ts'
import type {AgentConnection} from './agent-connection.ts'
import {type DocumentEnd, snapshotPieces} from './snapshot-pieces.ts'
import {parseAnswer, tolerantSnapshotSchema} from './tolerant-schemas.ts'

/** A snapshot that the agent holds open for us. */
export interface OpenSnapshot extends AsyncDisposable {
  readonly takenAt: string
  /** What can be read, of what was asked for. */
  readonly documents: readonly NodeDocument[]
  /** A document as the agent compresses it. */
  pieces(document: NodeDocument): AsyncGenerator<Uint8Array, DocumentEnd>
}

/**
 * Lets an agent read its node.
 *
 * @throws AgentError
 */
export async function openSnapshot(
  agent: AgentConnection,
  documents: readonly NodeDocument[],
  signal: AbortSignal,
): Promise<OpenSnapshot> {
  const answer = await agent.ask('openSnapshot', client => client.openSnapshot.mutate({documents: [...documents]}, {signal}))
  const snapshot = parseAnswer(tolerantSnapshotSchema, answer, agent.node)
  return {
    takenAt: snapshot.takenAt,
    documents: nodeDocuments.filter(name => snapshot.documents.includes(name)),
    pieces: document => snapshotPieces(agent, snapshot.id, document, signal),
    async [Symbol.asyncDispose]() {
      if (signal.aborted) return
      // The agent lets go of it by itself, only later.
      await agent.ask('closeSnapshot', client => client.closeSnapshot.mutate({id: snapshot.id}, {signal})).catch(() => {})
    },
  }
}

/** How the reading of one document went, for a log of the collection. */
export interface DocumentLog extends DocumentEnd {
  readonly document: NodeDocument
}

/** What was read from one node. */
export interface NodeReading {
  readonly node: string
  readonly takenAt: string
  readonly documents: readonly DumpDocument[]
  readonly problems: readonly Problem[]
  readonly log: readonly DocumentLog[]
}

/**
 * Reads documents of a node through its agent, several at once.
 *
 * @param budget for all nodes of a command together
 * @throws AgentError when the connection breaks; InputLimitError when there is too much; what a tool could not read is a problem
 */
export async function readNode(
  agent: AgentConnection,
  documents: readonly NodeDocument[],
  signal: AbortSignal,
  budget: InputBudget = new InputBudget('agents'),
): Promise<NodeReading> {
  const {node} = agent
  await using snapshot = await openSnapshot(agent, documents, signal)
  const read = await Promise.all(
    snapshot.documents.map(async document => ({
      document,
      ...(await unpack(snapshot.pieces(document), `${node}/${document}`, budget)),
    })),
  )
  return {
    node,
    takenAt: snapshot.takenAt,
    documents: read.flatMap(({document, text, end}) => {
      const kind = end.problems.length === 0 ? kindOfDocument(document) : undefined
      // Of a list of connections the rest may hold what is asked about.
      const isUseless = kind === undefined && documentRow(document).use === 'flows'
      return isUseless || (kind === undefined && text.length === 0)
        ? []
        : [{name: `${node}/${document}`, folder: node, text, ...(kind && {kind})}]
    }),
    problems: read.flatMap(({document, end}) => end.problems.map(problem => ({file: `${node}/${document}`, ...problem}))),
    log: read.map(({document, end}) => ({document, ...end})),
  }
}

/**
 * Unpacks the text of a document while its gzip stream comes: only the text is ever held as a whole.
 *
 * @param name of the document, for the words of an error
 * @returns the text, and what the agent says at the end
 * @throws InputError when the stream is damaged or unpacks to too much; AgentError when the connection breaks
 */
export async function unpack(
  pieces: AsyncGenerator<Uint8Array, DocumentEnd>,
  name: string,
  budget: InputBudget,
): Promise<{text: Text; end: DocumentEnd}> {
  const decoding = new TextDecoding()
  try {
    const unpacking = gunzip(pieces, (pieceBytes, sizeBytes, packedBytes) => {
      budget.takeBytes(pieceBytes, name)
      budget.checkRatio(sizeBytes, packedBytes, name)
    })
    const end = await readAll(unpacking, part => decoding.push(part))
    return {text: decoding.end(), end}
  } catch (error) {
    if (error instanceof InputError || (error as Error).name === 'AbortError') throw error
    throw new InputError(`${name}: what the agent sent cannot be unpacked: ${(error as Error).message}`, 'Run the command again.')
  }
}
