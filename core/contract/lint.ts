import {z} from 'zod'
import {problemSchema} from './common.ts'
import {API_VERSION} from './version.ts'

/** Everything `lint` can find, as a closed list; what each means stands in core/lint/codes. */
export const lintCodes = [
  'UNKNOWN_FIELD',
  'DUPLICATE_FIELD',
  'WRONG_TYPE',
  'INVALID_FIELD',
  'STRICT_BLOCK',
  'UNUSUAL_BLOCK',
  'IPV6_BLOCK',
  'BAD_BLOCK',
  'BAD_EXCEPT',
  'BAD_LABEL_VALUE',
  'BAD_SELECTOR',
  'BAD_PROTOCOL',
  'BAD_PORT_RANGE',
  'TOO_MANY_RULES',
  'COMMENT_TOO_LONG',
  'NAMESPACE_NOT_IN',
  'NEGATIVE_ONLY',
  'BLOCK_OF_EXCEPT',
  'TERMINATING_NAMESPACE',
  'SIDECAR_PORT',
  'IPV6_POD',
  'COMMENT_CUT',
  'CHAIN_COLLISION',
  'SET_COLLISION',
  'OPEN_RULE_IGNORED',
  'COST',
  'MANY_RULES',
  'RULES_MULTIPLY',
  'SET_FULL',
  'MANY_BLOCKS',
  'LITE_PEER',
  'LITE_NAMED_PORT',
  'LITE_BLOCK_OPEN',
  'WINDOWS_NAMED_PORT',
  'WINDOWS_SCTP',
  'WINDOWS_NEGATED_PODS',
  'WINDOWS_EXCEPT',
  'WINDOWS_NEGATED_NAMESPACES',
  'WINDOWS_INVERTED_NAMESPACES',
  'WINDOWS_WIDE_RANGE',
  'WINDOWS_ACL_ID',
  'DUPLICATE_POLICY',
  'NO_NAMESPACE',
  'SELECTS_NO_POD',
  'SELECTS_HOST_NETWORK',
  'PEER_SELECTS_NOTHING',
  'BLOCK_HOLDS_PODS',
  'BLOCK_HOLDS_NODES',
  'NO_DNS',
  'RULES_NOT_IN_TYPES',
  'RULES_WITHOUT_EFFECT',
  'ALL_NAMESPACES_LABEL',
  'CILIUM_IP_BLOCK',
  'CILIUM_NAMED_PORT',
  'CILIUM_OWN_NODE',
  'CILIUM_END_PORT',
] as const
export type LintCode = (typeof lintCodes)[number]

/** How bad a finding is. Worst first. */
export const levels = ['error', 'warning', 'info'] as const
export type Level = (typeof levels)[number]

/** Where a finding holds. `all`: on Linux and on Windows; `cilium`: after a move from Azure NPM to Cilium. */
export const lintPlatforms = ['linux', 'windows', 'all', 'cilium'] as const
export type LintPlatform = (typeof lintPlatforms)[number]

export const findingSchema = z.object({
  code: z.enum(lintCodes).describe('what was found; docs/lint.md lists all'),
  level: z.enum(levels),
  platform: z.enum(lintPlatforms).describe('where it holds; "all": Linux and Windows; "cilium": after a move to Cilium'),
  policy: z.string().describe('namespace/name'),
  field: z.string().describe('where in the object: spec.ingress[0].from[1].ipBlock.cidr'),
  message: z.string().describe('what is there, and what that means on the node'),
  next: z.string().describe('what to do about it'),
  file: z.string().exactOptional().describe('as given with -f'),
  line: z.int().min(1).exactOptional(),
})

export const lintSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Lint'),
  node: z.string().exactOptional().describe('that was thought of, where --node named one'),
  platforms: z.array(z.enum(['linux', 'windows'])).describe('the platforms that were looked at'),
  release: z.string().exactOptional().describe('of Azure NPM, where one was asked for'),
  policies: z.int().min(0).describe('how many policies were looked at'),
  counts: z.object({error: z.int().min(0), warning: z.int().min(0), info: z.int().min(0)}),
  accepted: z.int().min(1).exactOptional().describe('findings that are left out, accepted by an annotation or --ignore'),
  findings: z.array(findingSchema).describe('by policy, the worst policy first, and its worst finding first'),
  problems: z.array(problemSchema),
})

export const lintListSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('LintList'),
  counts: lintSchema.shape.counts.describe('of all nodes: a finding that holds on several is one'),
  items: z.array(lintSchema).describe('what holds on each node, in the order in which they were named'),
})

export type Finding = z.infer<typeof findingSchema>
export type Lint = z.infer<typeof lintSchema>
export type LintList = z.infer<typeof lintListSchema>
