import {once} from 'node:events'
import {connect} from 'node:net'
import {hostname} from 'node:os'
import {join} from 'node:path'
import {AGENT_SOCKET, AGENT_STATE_DIR, type AgentStatus, ROOT_PIPE} from '../../core/contract/agent.ts'
import {CLUSTER_DOCUMENT} from '../../core/contract/node-documents.ts'
import type {DumpDocument} from '../../core/dump/model.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {InputBudget} from '../bytes/input-budget.ts'
import {type AgentConnection, openConnection} from './agent-connection.ts'
import {openSnapshot, unpack} from './read-snapshot.ts'
import {parseAnswer, tolerantStatusSchema} from './tolerant-schemas.ts'

/**
 * Connects to the agent that runs on this machine, through its unix socket: root needs no token and no API server.
 *
 * @param stateDir the folder that the agent has its socket in
 * @returns undefined when no agent answers there
 * @throws AgentError when the agent is of another contract
 */
async function connectLocalAgent(stateDir: string, signal: AbortSignal): Promise<AgentConnection | undefined> {
  const stream = connect(process.platform === 'win32' ? ROOT_PIPE : join(stateDir, AGENT_SOCKET))
  try {
    await once(stream, 'connect', {signal})
  } catch {
    // There is no socket, or it was left behind by an agent that was killed.
    stream.destroy()
    signal.throwIfAborted()
    return undefined
  }
  return openConnection(stream, hostname(), undefined, signal)
}

/**
 * The status of the agent of this machine.
 *
 * @returns undefined when no agent answers
 * @throws AgentError
 */
export async function readLocalStatus(stateDir: string, signal: AbortSignal): Promise<AgentStatus | undefined> {
  await using agent = await connectLocalAgent(stateDir, signal)
  return agent && parseAnswer(tolerantStatusSchema, await agent.ask('status', client => client.status.query()), agent.node)
}

/**
 * The cluster objects that the agent of this machine has, also while the API server is away.
 *
 * @returns undefined when no agent answers; no documents when the agent does not watch the cluster. The problems say how
 *   old the objects are.
 * @throws AgentError
 */
export async function readLocalCluster(
  signal: AbortSignal,
  stateDir: string = AGENT_STATE_DIR,
): Promise<{documents: DumpDocument[]; problems: readonly Problem[]} | undefined> {
  await using agent = await connectLocalAgent(stateDir, signal)
  if (!agent) return undefined
  await using snapshot = await openSnapshot(agent, [CLUSTER_DOCUMENT], signal)
  if (snapshot.documents.length === 0) return {documents: [], problems: []}
  const name = "the agent's cluster.json"
  const {text, end} = await unpack(snapshot.pieces(CLUSTER_DOCUMENT), name, new InputBudget('agents'))
  return {documents: [{name, folder: 'local', text}], problems: end.problems}
}
