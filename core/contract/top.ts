import {z} from 'zod'
import {whereSchema} from './common.ts'
import {livePolicySchema, liveSummarySchema} from './live.ts'
import {API_VERSION} from './version.ts'

const count = z.int().min(0)
const rate = z.number().min(0).nullable().describe('per second between the last two samples; null before the second')

const topRuleSchema = z.object({
  where: whereSchema,
  action: z.enum(['allow', 'drop', 'unknown']),
  text: z.string().describe('the rule in words'),
  packets: count
    .nullable()
    .describe('since it was written; of a rule that allows the first packets of connections, of one that drops every try'),
  packetsPerSecond: rate,
  bytesPerSecond: rate,
})

const topPolicySchema = livePolicySchema.omit({jump: true, rules: true}).extend({
  newConnections: count.nullable().describe('connections that its rules allow, since these were written'),
  drops: count.nullable().describe('packets that none of its rules allows: dropped unless another policy of the pod allows them'),
  newConnectionsPerSecond: rate,
  dropsPerSecond: rate,
  bytesPerSecond: rate,
  rules: z.array(topRuleSchema),
})

export const topSampleSchema = z
  .object({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal('TopSample'),
    node: z.string(),
    at: z.iso.datetime().describe('when the node was read, by its own clock'),
    dropsPerSecond: rate,
    dropBytesPerSecond: rate,
    newConnectionsPerSecond: rate,
    summary: liveSummarySchema.nullable().describe('null while the node has not answered yet'),
    policies: z.array(topPolicySchema).nullable().describe('null where rules are not counted one by one'),
    sets: z
      .array(
        z.object({
          set: z.string().describe('kernel name'),
          name: z.string(),
          meaning: z.string(),
          kind: z.enum(['hash', 'list', 'unknown']),
          capacity: count.nullable().describe('members that it can have; null where there is no limit, or none is known'),
          entries: count.nullable(),
          change: z.int().nullable().describe('entries more or fewer since the node is watched'),
        }),
      )
      .nullable(),
    problems: z.array(z.string()).describe('what is wrong with what was read, in sentences'),
    failure: z
      .object({message: z.string(), next: z.string()})
      .nullable()
      .describe('why the node cannot be watched now; the rest is what was last known'),
  })
  .describe('What goes on on a node at one moment, with rates')
export type TopSample = z.infer<typeof topSampleSchema>
