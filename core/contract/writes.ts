import {z} from 'zod'
import {problemSchema} from './common.ts'
import {API_VERSION} from './version.ts'

/** How an attempt to change a node ended, always with the state that the node is in now. */
export const writeOutcomes = ['applied', 'awaitingConfirmation', 'confirmed', 'rolledBack', 'nothingToDo', 'failed'] as const

export const deniedFlowSchema = z
  .object({
    protocol: z.string(),
    source: z.string(),
    sourcePort: z.int().exactOptional(),
    destination: z.string().describe('the pod behind a service'),
    destinationPort: z.int().exactOptional(),
    service: z.string().exactOptional().describe('address and port that the connection was opened to, where it was translated'),
    from: z.string().exactOptional().describe('namespace/name of the pod'),
    to: z.string().exactOptional().describe('namespace/name of the pod'),
    zone: z.int().exactOptional().describe('of conntrack, where it is not 0'),
    reason: z.string().describe('the rule that would drop it if it were new'),
    ended: z.boolean().exactOptional().describe('whether its entry is gone: it was deleted, or had ended by itself'),
  })
  .describe('A connection that goes on although the rules would drop it if it were new')

export const writeResultSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('WriteResult'),
  node: z.string(),
  id: z.string().describe('of the write; its restore point has the same'),
  verb: z.enum(['apply', 'rollback', 'confirm', 'recover']),
  outcome: z.enum(writeOutcomes),
  state: z
    .enum(['before', 'after', 'unknown'])
    .describe('what the node has now: what it had before, what was asked for, or that could not be found out'),
  planDigest: z.string().exactOptional(),
  failedAt: z
    .object({step: z.int().min(0), operation: z.string(), message: z.string(), next: z.string()})
    .exactOptional()
    .describe('the first operation that failed; step 0: before the first one'),
  confirmWithinMs: z.int().exactOptional().describe('the node goes back by itself unless confirmed within this time'),
  restorePoint: z.string().exactOptional().describe('the folder that holds what the node had before'),
  deniedFlows: z.array(deniedFlowSchema).exactOptional().describe('the first 1,000 of them'),
  flowCounts: z
    .object({
      denied: z.int().min(0).describe('connections that go on, or went on, although the rules deny them now'),
      ended: z.int().min(0).describe('of these, those whose entries are gone'),
      unknown: z.int().min(0).describe('connections of which it is not known whether the rules deny them'),
    })
    .exactOptional(),
  operations: z.int().min(0).describe('that were done'),
  durationMs: z.number().min(0),
  problems: z.array(problemSchema),
})

export const restorePointSchema = z.object({
  id: z.string(),
  takenAt: z.iso.datetime(),
  by: z.string().describe('who wrote: a credential id, or root'),
  verb: z.string(),
  outcome: z.string().describe('of the write that it was made for'),
  reason: z.string().exactOptional().describe('why that write did not end as it was asked to'),
  planDigest: z.string().exactOptional(),
  damaged: z.string().exactOptional().describe('why it cannot be used'),
})

export const writeStatusSchema = z.object({
  pending: z
    .object({id: z.string(), by: z.string(), since: z.iso.datetime(), secondsLeft: z.number().min(0)})
    .exactOptional()
    .describe('a write that awaits its confirmation'),
  interrupted: z.string().exactOptional().describe('a write that did not end and could not be taken back, and why'),
  restorePoints: z.array(restorePointSchema).describe('newest first'),
})

const failuresSchema = z.array(z.object({node: z.string(), message: z.string(), next: z.string()}))

export const writeResultListSchema = z
  .object({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal('WriteResultList'),
    items: z.array(writeResultSchema).describe('in the order in which they were done'),
    failures: failuresSchema.describe('nodes of which it is not known how they ended, or that could not be asked'),
    notDone: z.array(z.string()).describe('nodes that were not begun, because another one failed'),
  })
  .describe('What became of a write to several nodes')

export const writeStatusListSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('WriteStatusList'),
  items: z.array(writeStatusSchema.extend({node: z.string()})).describe('by name of the node'),
  failures: failuresSchema,
})

export type WriteResultList = z.infer<typeof writeResultListSchema>
export type WriteStatusList = z.infer<typeof writeStatusListSchema>
export type DeniedFlow = z.infer<typeof deniedFlowSchema>
export type WriteResult = z.infer<typeof writeResultSchema>
export type RestorePoint = z.infer<typeof restorePointSchema>
export type WriteStatus = z.infer<typeof writeStatusSchema>
