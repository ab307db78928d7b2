import {z} from 'zod'
import {incompletePartsSchema, problemSchema} from './common.ts'
import {judgedPacketSchema} from './drift.ts'
import {API_VERSION} from './version.ts'

/** What one change does to the packets that the node judges. */
export const trafficEffectSchema = z
  .enum(['opens', 'closes', 'both', 'none', 'unknown'])
  .describe(
    'from walks of the node before and after its step; opens: packets pass that were dropped; closes: packets are dropped that passed; both: some of each; none: no packet is judged otherwise; unknown: that could not be found out',
  )

export const operationSchema = z.object({
  order: z.int().min(1).describe('in the plan'),
  step: z.int().min(1).describe('the step that it is done in'),
  tool: z
    .enum(['ipset', 'iptables', 'hns'])
    .describe(
      'who is told the line: ipset restore, iptables-restore --noflush of table filter; hns: HcnModifyNetwork or HcnModifyEndpoint, the line is JSON with object, id and request',
    ),
  line: z.string(),
  undo: z.string().describe('what takes it back; several lines where rules or members that go at once are put back one by one'),
  reason: z.string().describe('what it mends, in one clause'),
  policy: z.string().exactOptional().describe('namespace/name of the policy that it belongs to'),
  name: z.string().exactOptional().describe('the set, chain or endpoint, readable'),
})

export const stepSchema = z
  .object({
    order: z.int().min(1),
    tool: z.enum(['ipset', 'iptables', 'hns']),
    backend: z
      .enum(['nft', 'legacy'])
      .exactOptional()
      .describe('of iptables: whose tool; it may be the one that is not in use, for what is left there'),
    isAtomic: z.boolean().describe('its operations come into force together; of others each by itself'),
    why: z.string().describe('why it comes here: what keeps what both states allow allowed, and what both deny denied'),
    effect: trafficEffectSchema,
    opens: z.array(judgedPacketSchema).describe('examples of packets that were dropped before it and pass after it'),
    closes: z.array(judgedPacketSchema).describe('examples of packets that passed before it and are dropped after it'),
  })
  .describe('Operations that a tool is told in one run')

export const untouchedSchema = z.object({
  name: z.string().describe('the set, chain or policy, readable'),
  reason: z.string().describe('why it is left as it is'),
  next: z.string().describe('what to do about it'),
})

export const planSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Plan'),
  node: z.string(),
  backend: z.enum(['nft', 'legacy', 'hns']),
  wanted: z
    .enum(['policies', 'dump', 'restorePoint', 'nothing'])
    .describe('what the node is to be: what the policies ask for, what a dump or a restore point has, nothing of Azure NPM'),
  semantics: z.enum(['npm', 'kubernetes']).exactOptional(),
  nodeDigest: z.string().describe('SHA-256 of what the node had when the plan was made: it is applied to no other state'),
  wantedDigest: z.string().describe('the same of what the node has when all is done'),
  digest: z.string().describe('SHA-256 of the node, both digests and all operations: what audit lines name'),
  narrowedTo: z
    .array(z.string())
    .exactOptional()
    .describe('the policies, sets and causes that were asked for, when not all were'),
  steps: z.array(stepSchema),
  operations: z.array(operationSchema),
  untouched: z.array(untouchedSchema).describe('what differs and is left alone'),
  notes: z.array(z.string()).describe('what else to know: what Azure NPM will overwrite, for example'),
  summary: z.object({
    operations: z.int().min(0),
    opens: z.int().min(0).describe('steps that open'),
    closes: z.int().min(0).describe('steps that close'),
  }),
  incomplete: incompletePartsSchema,
  problems: z.array(problemSchema),
})

export const planListSchema = z
  .object({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal('PlanList'),
    items: z.array(planSchema).describe('in the order in which the nodes are written to'),
    failures: z
      .array(z.object({node: z.string(), message: z.string(), next: z.string()}))
      .describe('nodes for which nothing could be planned'),
  })
  .describe('Plans of several nodes')

export type PlanList = z.infer<typeof planListSchema>
export type TrafficEffect = z.infer<typeof trafficEffectSchema>
export type PlanOperation = z.infer<typeof operationSchema>
export type PlanStep = z.infer<typeof stepSchema>
export type Untouched = z.infer<typeof untouchedSchema>
export type Plan = z.infer<typeof planSchema>
