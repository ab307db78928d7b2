import {z} from 'zod'
import {incompletePartsSchema, problemSchema, whereSchema} from './common.ts'
import {API_VERSION} from './version.ts'

export const driftItemSchema = z.object({
  kind: z.enum(['set', 'member', 'chain', 'rule', 'jump', 'acl', 'setPolicy']),
  change: z.enum(['missing', 'extra', 'changed']),
  name: z.string().describe('the set, member or chain it is about, readable'),
  kernelName: z.string().optional().describe('the set as the kernel calls it'),
  policy: z.string().optional().describe('namespace/name of the policy it belongs to'),
  expected: z.string().optional().describe('what the policies ask for'),
  found: z.string().optional().describe('what is there'),
  effect: z
    .enum(['open', 'closed', 'none'])
    .describe(
      'open: packets pass that should not; closed: packets are dropped that should pass; none: no packet is judged differently',
    ),
  example: z.string().optional().describe('a packet that is judged differently because of it'),
  where: whereSchema.optional().describe('of a rule or jump that is there: its place on the node'),
  line: z.int().min(1).optional().describe('of a set or member that is there: line in the save of sets'),
})

export const driftSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Drift'),
  node: z.string(),
  clean: z.boolean().describe('all was compared, and there is no difference'),
  items: z.array(driftItemSchema),
  notes: z
    .array(z.string())
    .describe('differences that are expected or harmless: leftovers of deleted objects, work that Azure NPM defers'),
  notCompared: z
    .array(z.object({policy: z.string().describe('namespace/name'), reason: z.string(), next: z.string()}))
    .exactOptional()
    .describe('policies whose rules were not compared because they are too many; the node is not clean then'),
  incomplete: incompletePartsSchema,
  problems: z.array(problemSchema),
})

export const driftListSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('DriftList'),
  items: z.array(driftSchema).describe('by name of the node'),
  failures: z
    .array(z.object({node: z.string(), message: z.string(), next: z.string().describe('what to do about it')}))
    .describe('nodes that could not be asked'),
})

export type Drift = z.infer<typeof driftSchema>
export type DriftList = z.infer<typeof driftListSchema>
export type DriftItem = z.infer<typeof driftItemSchema>
