import {type ZodType, z} from 'zod'
import {
  agentStatusSchema,
  helloSchema,
  snapshotPieceSchema,
  snapshotSchema,
  statusChangeSchema,
  syncStateSchema,
} from '../../core/contract/agent.ts'
import {problemSchema} from '../../core/contract/common.ts'
import {AgentError} from './agent-error.ts'

/** A newer agent may know problems that this plugin does not. They are told all the same. */
export const wireProblemSchema = problemSchema.extend({code: problemSchema.shape.code.catch('TOOL_FAILED')})

/** Of a state that this plugin does not know it knows one thing: it is not `live`. */
const wireSyncStateSchema = syncStateSchema.extend({state: syncStateSchema.shape.state.catch('stale')})

export const wireHelloSchema = helloSchema.extend({knowledge: wireSyncStateSchema})
export const wireStatusSchema = agentStatusSchema.extend({
  knowledge: wireSyncStateSchema,
  backend: agentStatusSchema.shape.backend.catch('unknown'),
})
export const wireStatusChangeSchema = statusChangeSchema.extend({status: wireStatusSchema})

export const wirePieceSchema = snapshotPieceSchema.extend({problems: z.array(wireProblemSchema)})
export const wireSnapshotSchema = snapshotSchema

/** An answer, if it is what the contract says. @throws AgentError */
export function understood<Value>(schema: ZodType<Value>, answer: unknown, node: string): Value {
  const read = schema.safeParse(answer)
  if (read.success) return read.data
  const [issue] = read.error.issues
  throw new AgentError(
    `node ${node}: the agent's answer is not as agreed: ${issue?.path.join('.')}: ${issue?.message}`,
    'Bring plugin and agents to the same version: kubectl npm install.',
    'OTHER_CONTRACT',
  )
}
