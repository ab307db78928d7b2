import {z} from 'zod'
import {nodeFailureSchema, whereSchema} from './common.ts'
import {API_VERSION} from './version.ts'

/**
 * What goes on on nodes, as a stream of documents: what a node has (`LiveNode`, again whenever its rules change), what was counted
 * (`LiveSample`), and why nothing can be read (`LiveFailure`). Screens, `policies --watch` and recordings all live on this stream;
 * recordings are its documents, one to a line, with those of `recording.ts` between.
 *
 * Counters stay next to the rules that they belong to: a sample names rules by their number in the node that has its `structure`.
 */

const count = z.int().min(0)
const total = count.describe('a total of the kernel or of the agent; it may begin again at 0')

/** What is counted for a node as a whole. Known without its names, so that hundreds of nodes can be watched at once. */
export const liveSummarySchema = z.object({
  policies: count.nullable().describe('in force; null when not known'),
  rules: count.describe("of Azure NPM's chains, as the kernel has them, and the jump to them"),
  sets: count,
  entries: count.nullable().describe('members of all sets; null when not counted'),
  newConnections: total.nullable().describe("first packets of connections that came to Azure NPM's rules; null without the jump"),
  drops: total.nullable().describe('packets that its drop rules dropped: every try of a connection counts'),
  dropBytes: total.nullable(),
  active: z.boolean().nullable().describe('whether new forwarded packets are judged; null when the rules do not tell'),
  connections: z
    .object({now: count, most: count.nullable()})
    .nullable()
    .describe('tracked by the kernel, and how many it can track'),
  differences: z
    .object({opens: count, closes: count, other: count, at: z.iso.datetime()})
    .nullable()
    .describe('causes by what they do to packets, of the last comparison with the policies; null when none was made'),
  npm: z
    .object({
      release: z
        .string()
        .nullable()
        .describe('the tag of its image, v1.6.48; where that is not known v1 or v2, by the form of its rules'),
      startedAt: z.iso.datetime().nullable().describe('of its process, or of its container'),
      addPolicyMs: z.object({p50: z.number().nullable(), p99: z.number().nullable()}).nullable(),
      failures: count.nullable().describe("of all kinds that Azure NPM's page counts, since its start"),
    })
    .nullable()
    .describe("null where Azure NPM's page cannot be read, and neither a process nor a pod of it is seen"),
})
export type LiveSummary = z.infer<typeof liveSummarySchema>

/** What every document of the stream has. */
export const liveEventFields = {apiVersion: z.literal(API_VERSION), node: z.string(), at: z.iso.datetime()}

const liveRuleSchema = z.object({
  number: count.describe('index into what samples count'),
  where: whereSchema,
  action: z.enum(['allow', 'drop', 'unknown']),
  text: z.string().describe('the rule in words'),
})
export type LiveRule = z.infer<typeof liveRuleSchema>

export const livePolicySchema = z.object({
  policy: z.string().describe('namespace/name; "unknown" when nothing tells'),
  direction: z.enum(['Ingress', 'Egress']),
  chain: z.string(),
  enforced: z.boolean(),
  subject: z.string().describe('the pods that it selects, in words'),
  pods: z.array(z.string()).nullable().describe('namespace/name of those on this node; null when not known'),
  jump: count.nullable().describe('number of the rule that sends packets to the chain'),
  rules: z.array(liveRuleSchema),
})
export type LivePolicy = z.infer<typeof livePolicySchema>

export const liveNodeSchema = z
  .object({
    ...liveEventFields,
    kind: z.literal('LiveNode'),
    structure: z.string().describe('digest of the rules without their counters: samples with the same one count these rules'),
    backend: z.enum(['nft', 'legacy', 'hns', 'unknown']),
    policies: z.array(livePolicySchema),
    sets: z.array(
      z.object({
        set: z.string().describe('kernel name'),
        name: z.string(),
        meaning: z.string(),
        kind: z.enum(['hash', 'list', 'unknown']),
        capacity: count.nullable().describe('members that it can have; null where there is no limit, or none is known'),
      }),
    ),
    problems: z.array(z.string()).describe('what is wrong with the input, in sentences'),
  })
  .describe('What a node has: again whenever its rules change')
export type LiveNode = z.infer<typeof liveNodeSchema>

/** What changed since the last sample of the same stream; all of it when `isFull`. */
export const liveCountsSchema = z.object({
  isFull: z.boolean(),
  rules: z.array(count).describe('number of a rule, packets, bytes; number, packets, bytes; …'),
  sets: z.array(z.tuple([z.string(), count])).describe('kernel name and members'),
  goneSets: z.array(z.string()),
})
export type LiveCounts = z.infer<typeof liveCountsSchema>

export const liveSampleSchema = z
  .object({
    ...liveEventFields,
    kind: z.literal('LiveSample'),
    structure: z.string(),
    summary: liveSummarySchema,
    counts: liveCountsSchema.exactOptional().describe('only where they were asked for'),
    readMs: z.number().min(0).describe('how long reading took on the node'),
    intervalMs: z.number().min(0).describe('until the next one: longer than asked for while the node is busy'),
    skipped: count.describe('samples that a slow reader missed'),
  })
  .describe('What was counted on a node at one moment')
export type LiveSample = z.infer<typeof liveSampleSchema>

export const liveFailureSchema = z
  .object({...liveEventFields, kind: z.literal('LiveFailure'), ...nodeFailureSchema.omit({node: true}).shape})
  .describe('Why a node cannot be watched at present; it is tried again')
export type LiveFailure = z.infer<typeof liveFailureSchema>

/** Something that happened, found by whoever follows the stream. */
export const liveEventSchema = z.discriminatedUnion('kind', [liveNodeSchema, liveSampleSchema, liveFailureSchema])
export type LiveEvent = z.infer<typeof liveEventSchema>

/** What a client asks of an agent. `rules` brings counts besides the summary. */
export const samplesInputSchema = z.object({
  intervalMs: z.int().min(200).max(600_000),
  detail: z.enum(['summary', 'rules']),
})
export type SamplesInput = z.infer<typeof samplesInputSchema>
/** What the agent says of its own node: who it is the client knows, and names it. */
export const wireSampleSchema = liveSampleSchema.omit({apiVersion: true, kind: true, node: true})
export type WireSample = z.infer<typeof wireSampleSchema>
