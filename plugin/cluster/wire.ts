import {type ZodType, z} from 'zod'
import {snapshotPieceSchema, snapshotSchema} from '../../core/contract/agent.ts'
import {problemSchema} from '../../core/contract/common.ts'
import {AgentError} from './agent-error.ts'

/** A newer agent may know problems that this plugin does not. They are told all the same. */
export const wireProblemSchema = problemSchema.extend({code: problemSchema.shape.code.catch('TOOL_FAILED')})

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
