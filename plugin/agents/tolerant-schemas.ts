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
import {driftSchema} from '../../core/contract/drift.ts'
import {metricFamilySchema, metricsSchema} from '../../core/contract/metrics.ts'
import {writeResultSchema, writeStatusSchema} from '../../core/contract/writes.ts'
import {AgentError} from './agent-error.ts'

/** Of a newer agent: a problem whose code this plugin does not know keeps its words. */
const tolerantProblemSchema = problemSchema.extend({code: problemSchema.shape.code.catch('TOOL_FAILED')})

/** A state that this plugin does not know is certainly not `live`. */
const tolerantSyncStateSchema = syncStateSchema.extend({state: syncStateSchema.shape.state.catch('stale')})

export const tolerantHelloSchema = helloSchema.extend({knowledge: tolerantSyncStateSchema})
export const tolerantStatusSchema = agentStatusSchema.extend({
  knowledge: tolerantSyncStateSchema,
  backend: agentStatusSchema.shape.backend.catch('unknown'),
})
export const tolerantStatusChangeSchema = statusChangeSchema.extend({status: tolerantStatusSchema})

export const tolerantDriftSchema = driftSchema.extend({problems: z.array(tolerantProblemSchema)})

/** Of a metric that this plugin does not know, all that matters is its name, which says whose it is. */
const tolerantFamilySchema = metricFamilySchema.extend({source: metricFamilySchema.shape.source.catch('own')})
export const tolerantMetricsSchema = metricsSchema.extend({
  families: z.array(tolerantFamilySchema),
  problems: z.array(tolerantProblemSchema),
})

export const tolerantPieceSchema = snapshotPieceSchema.extend({problems: z.array(tolerantProblemSchema)})
export const tolerantSnapshotSchema = snapshotSchema

/** An outcome or a state that this plugin does not know is none that it may call good. */
export const tolerantWriteResultSchema = writeResultSchema.extend({
  outcome: writeResultSchema.shape.outcome.catch('failed'),
  state: writeResultSchema.shape.state.catch('unknown'),
  problems: z.array(tolerantProblemSchema),
})
export const tolerantWriteStatusSchema = writeStatusSchema

/**
 * Checks an answer of an agent against the contract.
 *
 * @param node for the error
 * @throws AgentError that names the first field that is not as agreed
 */
export function parseAnswer<Value>(schema: ZodType<Value>, answer: unknown, node: string): Value {
  const read = schema.safeParse(answer)
  if (read.success) return read.data
  const [issue] = read.error.issues
  throw new AgentError(
    `node ${node}: the agent's answer is not as agreed: ${issue?.path.join('.')}: ${issue?.message}`,
    'Bring plugin and agents to the same version: kubectl npm install.',
    'OTHER_CONTRACT',
  )
}
