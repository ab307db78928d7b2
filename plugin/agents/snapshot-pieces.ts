import type {NodeDocument} from '../../core/contract/node-documents.ts'
import type {Problem} from '../../core/problem/problem.ts'
import type {AgentConnection} from './agent-connection.ts'
import {AgentError} from './agent-error.ts'
import {parseAnswer, tolerantPieceSchema} from './tolerant-schemas.ts'

/** What an agent says of a document when it has given all of it. */
export interface DocumentEnd {
  readonly problems: readonly Problem[]
  /** What was run; empty when nothing tells. */
  readonly command: string
  readonly durationMs: number | undefined
}

/** What an agent gives at once, as long as there is more. Source: the contract. */
const PIECE_BYTES = 256 * 1024
/** A long way should not cost a round trip for each piece. */
const AHEAD = 3

/**
 * Fetches a document of a snapshot: pieces of its gzip stream, in order, some of them asked for in advance.
 *
 * @returns what the agent says at the end
 * @throws AgentError when the agent or the connection fails in the middle
 */
export async function* snapshotPieces(
  agent: AgentConnection,
  id: string,
  document: NodeDocument,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, DocumentEnd> {
  const fetch = async (offset: number) => {
    const answer = await agent.ask('readSnapshot', client => client.readSnapshot.query({id, document, offset}, {signal}))
    return parseAnswer(tolerantPieceSchema, answer, agent.node)
  }
  const ahead = new Map<number, ReturnType<typeof fetch>>()
  const want = (offset: number) => {
    if (ahead.has(offset)) return
    const piece = fetch(offset)
    // Nobody may wait for it any more when it fails.
    piece.catch(() => {})
    ahead.set(offset, piece)
  }
  for (let offset = 0; ; ) {
    want(offset)
    const {base64, end, problems, command, durationMs} = await (ahead.get(offset) as ReturnType<typeof fetch>)
    ahead.delete(offset)
    const bytes = Buffer.from(base64, 'base64')
    offset += bytes.length
    if (!end && bytes.length === 0)
      throw new AgentError(`node ${agent.node}: the agent gave an empty piece of ${document}`, 'Run the command again.', 'OTHER')
    // Only a full piece says that there is more to come at once; a tool that still prints is waited for by one request.
    if (!end && bytes.length === PIECE_BYTES) for (let next = 0; next < AHEAD; next++) want(offset + next * PIECE_BYTES)
    if (bytes.length > 0) yield bytes
    if (end) return {problems, command: command ?? '', durationMs}
  }
}
