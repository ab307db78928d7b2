import {z} from 'zod'
import {incompletePartsSchema, nodeFailureSchema, problemSchema, releaseSchema, whereSchema} from './common.ts'
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
    .enum(['open', 'closed', 'none', 'unknown'])
    .describe(
      'of its cause, on the node as it is, or if other causes hide it, once they are repaired; open: packets pass that should not, and others may be dropped besides; closed: packets are dropped that should pass; none: no packet is judged differently; unknown: that could not be found out',
    ),
  example: z.string().optional().describe('a packet that is judged differently because of it'),
  where: whereSchema.optional().describe('of a rule or jump that is there: its place on the node'),
  line: z.int().min(1).optional().describe('of a set or member that is there: line in the save of sets'),
})

/** What can be wrong with a node. */
export const causeKinds = [
  'npm',
  'policyMissing',
  'policyEmptied',
  'policyChanged',
  'policyLeftOver',
  'pod',
  'namespace',
  'set',
  'chain',
  'jump',
  'foreignRule',
  'unexplained',
] as const

export const judgedPacketSchema = z
  .object({
    packet: z.string().describe('"10.0.0.1 -> 10.0.0.2 tcp/80"'),
    source: z.string().exactOptional().describe('namespace/name of the pod that sends it'),
    destination: z.string().exactOptional().describe('namespace/name of the pod that receives it'),
    together: z
      .array(z.int().min(0))
      .exactOptional()
      .describe('positions of the other causes, from 0, that must be repaired too before it is judged as it should'),
  })
  .describe('A packet that opens a connection')

const opens = z.array(judgedPacketSchema).describe('examples of packets that pass now and should not')
const closes = z.array(judgedPacketSchema).describe('examples of packets that are dropped now and should pass')

export const causeSchema = z
  .object({
    kind: z
      .enum(causeKinds)
      .describe(
        'npm: nothing of Azure NPM is there; foreignRule: a rule of another program decides; unexplained: a packet is judged otherwise than the policies say, and nothing that was compared explains it',
      ),
    text: z.string().describe('what is wrong, in one sentence'),
    policy: z.string().exactOptional().describe('namespace/name'),
    pod: z.string().exactOptional().describe('namespace/name'),
    addresses: z.array(z.string()).exactOptional().describe('of the pod, or in sets without a pod'),
    where: whereSchema.exactOptional().describe('the rule of another program'),
    opens,
    closes,
    hidden: z
      .object({opens, closes})
      .exactOptional()
      .describe('what it would open and close once all other causes are repaired, where these hide what it does'),
    isUncertain: z
      .boolean()
      .describe(
        'whether it may open or close something that was not found: packets that it concerns are unknown, or were too many',
      ),
    items: z.array(z.int().min(0)).describe('positions in items, from 0, of the differences that it stands for'),
    repair: z
      .object({
        command: z.string().exactOptional().describe('mends it and nothing else; the number of a cause counts in this answer'),
        instead: z.string().exactOptional().describe('what to do, where apply cannot mend it'),
      })
      .exactOptional()
      .describe('how it is mended: one of the two. Answers of older versions do not have it'),
  })
  .describe('One thing that is wrong with the node, with what it does on the node as it is')

export const departureSchema = z
  .object({
    code: z.string().describe('of lint, or why Azure NPM refuses the policy'),
    text: z.string().describe('what Azure NPM does'),
    policies: z.array(z.string()).describe('namespace/name'),
    namespaces: z.array(z.string()).exactOptional(),
    opens,
    closes,
  })
  .describe('Where Azure NPM does something else than the policies ask for. The node is as Azure NPM programs it')

export const driftSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Drift'),
  node: z.string(),
  release: releaseSchema,
  clean: z
    .boolean()
    .describe('all was compared, there is no difference, and no packet was found that is judged otherwise than the policies say'),
  causes: z.array(causeSchema).default([]).describe('what is wrong, each thing once, the most harmful first'),
  departures: z
    .array(departureSchema)
    .default([])
    .describe('policies that Azure NPM refuses or turns into something else; left out with --program-only'),
  judged: z
    .enum(['all', 'some', 'none'])
    .default('none')
    .describe(
      'which packets were judged by the node and by the policies; all: one of each kind that sets and rules tell apart; some: those that differences, departures and rules of other programs touch; none: only rules and sets were compared',
    ),
  items: z.array(driftItemSchema).describe('the differences one by one'),
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
  failures: z.array(nodeFailureSchema).describe('nodes that could not be asked'),
})

export type Drift = z.infer<typeof driftSchema>
export type DriftList = z.infer<typeof driftListSchema>
export type CauseKind = (typeof causeKinds)[number]
export type DriftCause = z.infer<typeof causeSchema>
export type Departure = z.infer<typeof departureSchema>
export type JudgedPacket = z.infer<typeof judgedPacketSchema>
export type DriftItem = z.infer<typeof driftItemSchema>
