import {z} from 'zod'
import {incompletePartsSchema, nodeReleasesSchema, problemSchema, whereSchema} from './common.ts'
import {API_VERSION} from './version.ts'

export const verdictSchema = z.enum(['accept', 'drop', 'unknown'])

export const traceEndSchema = z.object({
  name: z.string().describe('as asked: namespace/pod, an address, or "external"'),
  address: z.string(),
  pod: z.string().optional().describe('namespace/name of the pod with this address'),
})

export const traceSideSchema = z.object({
  verdict: z
    .enum(['accept', 'drop', 'unknown', 'not-judged'])
    .describe('not-judged: no policy of this direction selects the pod, or the walk never came there'),
  policy: z.string().optional().describe('the policy that allows, or of those that select the pod, the last that did not'),
  rule: z.string().optional().describe('the rule in words'),
  selecting: z.array(z.string()).exactOptional().describe('all policies that select the pod, in the order of their rules'),
  because: z.string().exactOptional().describe('why it is not judged'),
})

export const stepSchema = z.object({
  node: z.string(),
  where: whereSchema,
  depth: z.int().min(0),
  text: z.string(),
  policy: z.string().optional(),
  decides: z
    .literal(true)
    .optional()
    .describe('the rule or policy that decides on its node; no step has it where nothing but the policies of chains accepts'),
})

const tracedServiceSchema = z.object({
  name: z.string().describe('namespace/name'),
  headless: z.boolean().describe('it has no address: DNS gives those of its pods'),
  port: z.int().min(0).max(65535),
  portName: z.string().exactOptional(),
  targetPort: z.union([z.int(), z.string()]).exactOptional().describe('of its pods, by number or by name'),
  from: z
    .enum(['rules', 'endpoints', 'selector'])
    .describe(
      'what tells the backends that were traced: rules of the node, EndpointSlices, or without both the selector, whatever pods are ready',
    ),
  backends: z
    .array(
      z.object({
        address: z.string(),
        port: z.int(),
        pod: z.string().exactOptional(),
        verdict: verdictSchema.exactOptional().describe('absent where rules choose, and all ways together have one'),
      }),
    )
    .describe('as the objects tell them; the first one is shown, unless rules decide'),
  notReady: z.int().min(0).describe('endpoints that get no packets'),
})

export const traceSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Trace'),
  packet: z.object({
    source: traceEndSchema,
    destination: traceEndSchema,
    protocol: z.enum(['tcp', 'udp', 'sctp', 'icmp']),
    port: z.int().min(0).max(65535).nullable(),
    mark: z.int().min(0).optional(),
  }),
  verdict: verdictSchema,
  because: z.string().describe('what decides, in one sentence'),
  releases: nodeReleasesSchema,
  walked: z.boolean().describe('whether rules of a node were walked; else only the policies were evaluated'),
  ingress: traceSideSchema.describe('of the receiver'),
  egress: traceSideSchema.describe('of the sender'),
  trail: z.array(stepSchema),
  service: tracedServiceSchema.exactOptional().describe('to which the packet goes, where the input holds Services'),
  translated: z
    .object({destination: z.string(), port: z.int().nullable()})
    .optional()
    .describe('the destination after a service was resolved'),
  masqueraded: z
    .object({node: z.string(), source: z.string().nullable()})
    .optional()
    .describe('the node that translates the source, and what the next one sees; null when its address is not known'),
  expected: z
    .object({verdict: verdictSchema, because: z.string()})
    .optional()
    .describe('what the policies mean; only with cluster objects, and unknown where that rests on objects that were not given'),
  foretold: z
    .object({verdict: verdictSchema, because: z.string(), trail: z.array(stepSchema)})
    .exactOptional()
    .describe('what Azure NPM will do with these policies, when no node was read'),
  remedies: z
    .array(z.string())
    .exactOptional()
    .describe('what would let a dropped packet through: the smallest changes to policies, or a repair; all of them are needed'),
  disagreements: z.array(z.string()).describe('likely reasons when what is walked is not what the policies mean'),
  incomplete: incompletePartsSchema,
  problems: z.array(problemSchema),
})

export const traceListSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('TraceList'),
  verdict: verdictSchema.describe('drop when packets to any of the ports are dropped, else unknown when any is'),
  items: z
    .array(
      z.object({
        protocol: z.enum(['tcp', 'udp', 'sctp', 'icmp']),
        from: z.int().min(0).max(65535),
        to: z.int().min(0).max(65535),
        trace: traceSchema.describe('of the first port; to all others the same happens'),
      }),
    )
    .describe('all ports that were asked for, cut where anything changes'),
})

export type TraceList = z.infer<typeof traceListSchema>
export type Trace = z.infer<typeof traceSchema>
export type TraceSide = z.infer<typeof traceSideSchema>
export type TraceStep = z.infer<typeof stepSchema>
