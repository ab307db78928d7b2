import {z} from 'zod'
import {incompletePartsSchema, nodeFailureSchema} from './common.ts'
import {API_VERSION} from './version.ts'

export const heldBySchema = z
  .object({
    set: z.string().describe('kernel name, azure-npm-…'),
    name: z.string().describe('readable name; "unknown" when nothing tells'),
    meaning: z.string().describe('the name in words'),
    members: z
      .array(z.string())
      .describe('that hold the address: itself, with a port of it, or the block that decides; none of lists'),
    through: z.array(z.string()).describe('of lists: the readable names of the sets in it that hold the address'),
    nodes: z.array(z.string()).describe('on which it does'),
  })
  .describe('A set that holds the address')

export const membershipSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Membership'),
  asked: z.string().describe('the member as it was given'),
  address: z.string(),
  port: z.object({protocol: z.string(), number: z.int()}).exactOptional().describe('sets of addresses with ports hold this one'),
  pods: z.array(z.string()).describe('namespace/name of pods with the address'),
  nodes: z.array(z.string()).describe('that were asked'),
  items: z.array(heldBySchema),
  incomplete: incompletePartsSchema,
  failures: z.array(nodeFailureSchema).describe('nodes that could not be read'),
})

/** A document of kind `Membership`. */
export type Membership = z.infer<typeof membershipSchema>
export type HeldBy = z.infer<typeof heldBySchema>
