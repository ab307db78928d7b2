import {z} from 'zod'
import {evidences} from '../names/name-index.ts'
import {setTypes} from '../names/set-name.ts'
import {problemCodes} from '../problem/problem.ts'

/** The release of the Azure NPM of a node. */
export const releaseSchema = z
  .object({
    name: z.string().describe('v1.6.48; or "v1.6.46 or newer", "v1.4.24 to v1.4.26", "unknown"'),
    from: z
      .enum(['image', 'rules', 'unknown'])
      .describe('image: its pod tells; rules: what is programmed has the shape that these releases write'),
  })
  .exactOptional()
  .describe('of the Azure NPM on the node, as far as it can be told; absent from older agents')

/** The same of several nodes. */
export const nodeReleasesSchema = z
  .array(z.object({node: z.string(), ...releaseSchema.unwrap().shape}))
  .exactOptional()
  .describe('of the Azure NPM on each node that was read, as far as it can be told')

export const problemSchema = z
  .object({
    code: z.enum(problemCodes),
    message: z.string(),
    next: z.string(),
    file: z.string().exactOptional(),
    line: z.int().min(1).exactOptional(),
    column: z.int().min(1).exactOptional(),
    text: z.string().exactOptional(),
  })
  .describe('Something wrong with the input; it never stops the rest from being read')

/** A node of several that has no answer, while others have. */
export const nodeFailureSchema = z.object({
  node: z.string(),
  message: z.string(),
  next: z.string().describe('what to do about it'),
})

export const incompletePartSchema = z
  .object({
    part: z.string().describe('"table nat", "chain POSTROUTING of table nat", "sets", "NetworkPolicies"'),
    state: z.enum(['cut', 'absent']).describe('cut: some of it may be missing; absent: nothing of it was given'),
    reason: z.string().describe('how this is known'),
    next: z.string().describe('what to do about it'),
  })
  .describe('A part of the input that is not whole')

/** What an answer rests on and is not whole. Answers of older versions do not have it. */
export const incompletePartsSchema = z
  .array(incompletePartSchema)
  .default([])
  .describe('parts of the input that the answer rests on and that are not whole; what rests on them is unknown')

export const chainPlaceSchema = z.object({
  table: z.string().exactOptional().describe('iptables table; only where rules of several tables are met'),
  backend: z.enum(['nft', 'legacy']).exactOptional().describe('of iptables; only where a node has rules of both'),
  chain: z.string(),
  position: z.int().min(0).describe('place in the chain, from 1; 0 for the policy of a built-in chain'),
  line: z.int().min(1).exactOptional().describe('line in the save'),
})

export const aclPlaceSchema = z.object({
  endpoint: z.string().describe('HNS endpoint'),
  acl: z.string().describe('identifier of the ACL'),
  priority: z.int().min(0),
  position: z
    .int()
    .min(1)
    .exactOptional()
    .describe("place among the endpoint's policies, from 1: all ACLs of a policy have one identifier"),
})

export const whereSchema = z
  .union([chainPlaceSchema, aclPlaceSchema])
  .describe('The place of a rule: on Linux in an iptables chain, on Windows among the ACLs of an endpoint')

export const termSchema = z
  .object({
    set: z.string().describe('kernel name, azure-npm-…; on Windows also addresses that the rule itself names'),
    name: z.string().describe('what the set stands for; "unknown" when nothing tells'),
    negated: z.boolean(),
  })
  .describe('One set condition')

export const setSchema = z
  .object({
    set: z.string().describe('kernel name, azure-npm-…'),
    name: z.string().describe('readable name; "unknown" when nothing tells; colliding names are joined by " | "'),
    names: z.array(z.string()).describe('all names known for this hash; more than one is a collision'),
    type: z.enum(setTypes),
    kind: z.enum(['hash', 'list', 'unknown']),
    ipsetType: z.string().describe('the kernel type, hash:net for example; "unknown" without an ipset dump'),
    meaning: z.string().describe('the name in words'),
    members: z
      .array(z.string())
      .nullable()
      .describe(
        'as ipset prints them, "10.1.0.0/16 nomatch" for an exception; of lists the kernel names; null when the dump has no members',
      ),
    memberNames: z.array(z.string()).exactOptional().describe('of lists: the readable names, in the order of members'),
    memberPods: z
      .array(z.array(z.string()))
      .exactOptional()
      .describe('namespace/name of the pods behind each member, in the order of members; only with cluster objects'),
    references: z.int().min(0).exactOptional().describe('rules and lists that use the set, as the kernel counts them'),
    evidence: z.array(z.enum(evidences)).describe('how the name is known'),
  })
  .describe('One ipset of Azure NPM')

export type NodeReleases = NonNullable<z.infer<typeof nodeReleasesSchema>>
export type NodeFailure = z.infer<typeof nodeFailureSchema>
export type IncompletePart = z.infer<typeof incompletePartSchema>
export type ChainPlace = z.infer<typeof chainPlaceSchema>
export type Where = z.infer<typeof whereSchema>
export type SetEntry = z.infer<typeof setSchema>
export type Term = z.infer<typeof termSchema>
