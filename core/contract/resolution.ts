import {z} from 'zod'
import {evidences} from '../names/name-index.ts'
import {setTypes} from '../names/set-name.ts'
import {incompletePartsSchema} from './common.ts'
import {API_VERSION} from './version.ts'

export const resolvedNameSchema = z.object({
  asked: z.string(),
  name: z.string().describe('the name that is hashed, or a policy as namespace/name; "unknown" when nothing tells'),
  kind: z
    .enum(['set', 'policy', 'chain', 'address', 'unknown'])
    .describe("chain: one of Azure NPM that is no policy's own; address: IPv4, of a pod or a node"),
  type: z.enum(setTypes),
  generation: z.enum(['v1', 'v2', 'any', 'unknown']).describe('which Azure NPM uses the name'),
  meaning: z.string(),
  fnv32a: z.array(z.string()).describe('kernel names under the old scheme; chains for a policy: ingress, egress'),
  sha256: z.array(z.string()).describe('kernel names under the new scheme'),
  onNode: z
    .boolean()
    .nullable()
    .describe('whether a node has one of the kernel names; null without a dump, and where the dump does not tell'),
  nodes: z.array(z.string()).exactOptional().describe('which nodes have it, where several were asked'),
  evidence: z.array(z.enum([...evidences, 'well-known'])),
})

export const resolutionSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Resolution'),
  items: z.array(resolvedNameSchema),
  incomplete: incompletePartsSchema,
})

export type ResolvedName = z.infer<typeof resolvedNameSchema>
