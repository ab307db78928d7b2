import {z} from 'zod'
import {incompletePartsSchema, nodeFailureSchema, problemSchema} from './common.ts'
import {API_VERSION} from './version.ts'
import {deniedFlowSchema} from './writes.ts'

export const flowListSchema = z
  .object({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal('FlowList'),
    items: z.array(deniedFlowSchema.extend({node: z.string()})).describe('by node, in the order of conntrack'),
    nodes: z.array(
      z.object({
        node: z.string(),
        takenAt: z.string().exactOptional(),
        connections: z.int().min(0).describe('entries of conntrack that were read'),
        judged: z.int().min(0).describe('of these, connections that the node forwards, that were answered and are not over'),
        denied: z.int().min(0).describe('connections that go on although the rules would drop them if they were new'),
        unanswered: z
          .int()
          .min(0)
          .describe('connections that the rules deny and nobody has answered: they do not go on unless an answer is on its way'),
        unknown: z.int().min(0).describe('connections of which it is not known whether the rules deny them'),
        unread: z.int().min(0).describe('lines that could not be read'),
        reasons: z
          .array(z.object({reason: z.string(), connections: z.int().min(1)}))
          .describe('why it is not known of some; the most frequent first, 20 at most'),
        incomplete: incompletePartsSchema,
        problems: z.array(problemSchema),
      }),
    ),
    failures: z.array(nodeFailureSchema).describe('nodes whose connections are not known'),
  })
  .describe('Connections that go on although the rules deny them')

export type FlowList = z.infer<typeof flowListSchema>
export type NodeFlows = FlowList['nodes'][number]
