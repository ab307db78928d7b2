import {promisify} from 'node:util'
import {gzip} from 'node:zlib'
import {STAGED_PIECE_BYTES, stagedPlanSchema} from '../../core/contract/agent.ts'
import type {Plan} from '../../core/contract/plan.ts'
import type {WriteResult, WriteStatus} from '../../core/contract/writes.ts'
import type {AgentConnection} from './agent-connection.ts'
import {AgentError} from './agent-error.ts'
import {parseAnswer, tolerantWriteResultSchema, tolerantWriteStatusSchema} from './tolerant-schemas.ts'

const pack = promisify(gzip)

export interface ApplyQuestion {
  readonly confirmWithinMs?: number
  readonly endDeniedFlows?: boolean
}

/**
 * Sends a plan to the agent of its node.
 *
 * @returns how to call it there
 * @throws AgentError when the agent is too old, was installed to read only, or does not take it
 */
export async function stagePlan(agent: AgentConnection, plan: Plan, signal: AbortSignal): Promise<string> {
  demandWriting(agent)
  const bytes = await pack(JSON.stringify(plan))
  let stagedId: string | undefined
  for (let offset = 0; stagedId === undefined || offset < bytes.length; offset += STAGED_PIECE_BYTES) {
    const base64 = bytes.subarray(offset, offset + STAGED_PIECE_BYTES).toString('base64')
    const piece = {...(stagedId !== undefined && {stagedId}), offset, base64}
    const answer = await agent.ask('stagePlan', client => client.stagePlan.mutate(piece, {signal}))
    stagedId = parseAnswer(stagedPlanSchema, answer, agent.node).stagedId
  }
  return stagedId
}

/** Has a staged plan applied. @throws AgentError when the agent refuses it, or the connection ends before the answer */
export async function applyStaged(
  agent: AgentConnection,
  stagedId: string,
  question: ApplyQuestion,
  signal: AbortSignal,
): Promise<WriteResult> {
  const answer = await agent.ask('applyPlan', client => client.applyPlan.mutate({stagedId, ...question}, {signal}))
  return resultOf(agent, answer)
}

/** @param to id of a restore point; by default the one of the last write */
export async function askRollback(agent: AgentConnection, to: string | undefined, signal: AbortSignal): Promise<WriteResult> {
  demandWriting(agent)
  const input = to === undefined ? {} : {to}
  return resultOf(agent, await agent.ask('rollback', client => client.rollback.mutate(input, {signal})))
}

/** @param id of the write that is meant; by default the one that awaits its confirmation */
export async function askConfirm(agent: AgentConnection, id: string | undefined, signal: AbortSignal): Promise<WriteResult> {
  demandWriting(agent)
  const input = id === undefined ? {} : {id}
  return resultOf(agent, await agent.ask('confirm', client => client.confirm.mutate(input, {signal})))
}

export async function askWrites(agent: AgentConnection, signal: AbortSignal): Promise<WriteStatus> {
  demandWriting(agent)
  return parseAnswer(
    tolerantWriteStatusSchema,
    await agent.ask('writes', client => client.writes.query(undefined, {signal})),
    agent.node,
  )
}

/** The list of pods says which node it is, not the agent's answer. */
const resultOf = (agent: AgentConnection, answer: unknown): WriteResult => ({
  ...parseAnswer(tolerantWriteResultSchema, answer, agent.node),
  node: agent.node,
})

/** @throws AgentError when the agent writes nothing */
function demandWriting({hello, node}: AgentConnection): void {
  const {contract, procedures, version} = hello
  if (procedures.includes('applyPlan')) return
  throw contract.minor < 1
    ? new AgentError(
        `node ${node}: agent ${version} is older than verbs that write`,
        'Update the agents: kubectl npm install',
        'OTHER_CONTRACT',
      )
    : new AgentError(
        `node ${node}: its agent was installed to read only`,
        'Install it again without --read-only: kubectl npm install. Or write on the node itself, as root, with --local.',
        'READ_ONLY',
      )
}
