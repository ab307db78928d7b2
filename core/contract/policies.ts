import {z} from 'zod'
import {incompletePartsSchema, nodeFailureSchema, nodeReleasesSchema, problemSchema} from './common.ts'
import {API_VERSION} from './version.ts'

/** What can be said of a policy and direction over all nodes that were read, the worst first. */
export const policyStates = ['missing', 'differs', 'refused', 'means something else', 'left over', 'unknown', 'in force'] as const

const count = z.int().min(0)

export const policyListItemSchema = z.object({
  namespace: z.string(),
  name: z.string(),
  direction: z.enum(['Ingress', 'Egress']),
  pods: count.nullable().describe('that it selects, in the whole cluster; null without the objects that tell'),
  nodes: z.object({
    programmed: count.describe('nodes on which a jump leads to its chain, which has rules; on Windows those with ACLs of it'),
    all: count.describe('nodes that were read'),
    missing: z.array(z.string()).describe('nodes on which it should be programmed and is not'),
    unknown: z.array(z.string()).describe('nodes whose input does not tell'),
  }),
  rules: z.object({least: count, most: count}).nullable().describe('on nodes that have it; null when no node has'),
  newConnections: count
    .nullable()
    .describe('first packets that its allow rules matched, over all nodes, since the rules were written'),
  drops: count
    .nullable()
    .describe('packets that its drop rules matched: they are dropped unless another policy of the direction allows them'),
  rates: z
    .object({
      newConnections: z.number().min(0).nullable().describe('per second; null until a second sample is there'),
      drops: z.number().min(0).nullable(),
    })
    .exactOptional()
    .describe('per second, over all nodes that are counted at present; only while policies are watched'),
  states: z
    .array(
      z.object({
        state: z.enum(policyStates),
        code: z.string().exactOptional().describe('of the finding: IPV6_BLOCK'),
        nodes: z.array(z.string()).describe('where; empty where it is so everywhere'),
        text: z.string(),
      }),
    )
    .describe('the worst first'),
  createdAt: z.iso.datetime().nullable().describe('by its object; null when there is none or it does not tell'),
})
export type PolicyListItem = z.infer<typeof policyListItemSchema>
export type PolicyState = (typeof policyStates)[number]

export const policyListSchema = z
  .object({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal('PolicyList'),
    items: z.array(policyListItemSchema).describe('by namespace, name and direction, unless sorted otherwise'),
    others: z
      .array(z.object({node: z.string(), text: z.string()}))
      .describe(
        'what the comparison of a node finds, and concerns no policy that is known; none are told where only some policies are asked for',
      ),
    nodes: z.array(z.string()).describe('that were read'),
    releases: nodeReleasesSchema,
    failures: z.array(nodeFailureSchema).describe('nodes that could not be read'),
    incomplete: incompletePartsSchema,
    problems: z.array(problemSchema),
  })
  .describe('Policies over all nodes, a line for each direction')
export type PolicyList = z.infer<typeof policyListSchema>

export const policyChangeSchema = z
  .object({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal('PolicyChange'),
    at: z.iso.datetime().nullable().describe('of the newest sample of a node; null before the first'),
    item: policyListItemSchema,
  })
  .describe('A policy and direction of which something has changed, as policies --watch tells it')
export type PolicyChange = z.infer<typeof policyChangeSchema>
