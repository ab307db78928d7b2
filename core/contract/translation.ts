import {z} from 'zod'
import {
  chainPlaceSchema,
  incompletePartsSchema,
  nodeFailureSchema,
  problemSchema,
  releaseSchema,
  setSchema,
  termSchema,
  whereSchema,
} from './common.ts'
import {API_VERSION} from './version.ts'

const portSchema = z.union([z.int().min(0).max(65535), z.string()]).nullable()

export const translatedRuleSchema = z.object({
  where: whereSchema,
  action: z
    .enum(['allow', 'drop', 'unknown'])
    .describe('"drop" marks the packet: it is dropped unless another policy of the direction allows it'),
  protocol: z.string().nullable().describe('tcp, udp, sctp …; null means any'),
  port: portSchema.describe('a number, or the name of a named port; null means any'),
  endPort: z.int().min(0).max(65535).nullable().describe('last port of a range that starts at port'),
  sources: z.array(termSchema).describe('all must hold for the source address; empty means any source'),
  destinations: z.array(termSchema).describe('all must hold for the destination address; empty means any destination'),
  unmodelled: z.array(z.string()).exactOptional().describe('conditions that are not understood, as printed'),
  packets: z.int().min(0).nullable().describe('null when the save has no counters'),
  bytes: z.int().min(0).nullable(),
  text: z.string().describe('the rule in words'),
  source: z.string().describe('the rule as saved'),
})

export const translatedPolicySchema = z.object({
  policy: z.string().describe('namespace/name; "unknown" when nothing tells, as in NPM v1, whose rules do not name their policy'),
  candidates: z
    .array(z.string())
    .exactOptional()
    .describe('policies of the cluster objects that would make these rules, when the rules do not tell which'),
  direction: z.enum(['Ingress', 'Egress']),
  chain: z.string(),
  enforced: z.boolean().describe('whether a jump leads to the chain'),
  appliesTo: z.array(termSchema).describe('the pods the policy selects'),
  subject: z.string().describe('appliesTo in words'),
  packets: z.int().min(0).nullable().describe('packets that were sent to the chain'),
  bytes: z.int().min(0).nullable(),
  rules: z.array(translatedRuleSchema),
})

export const baseChainSchema = z.object({
  chain: z.string(),
  meaning: z.string(),
  rules: z.array(
    z.object({
      where: whereSchema,
      text: z.string(),
      packets: z.int().min(0).nullable(),
      bytes: z.int().min(0).nullable(),
    }),
  ),
})

export const translationSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Translation'),
  node: z.string(),
  backend: z.enum(['nft', 'legacy', 'hns', 'unknown']),
  nameScheme: z.enum(['fnv32a', 'sha256', 'mixed', 'unknown']).describe('how set names were hashed'),
  generation: z
    .enum(['v1', 'v2', 'mixed', 'absent', 'unknown'])
    .describe('which Azure NPM programmed the chains; absent: none did'),
  release: releaseSchema,
  active: z.boolean().nullable().describe('whether new forwarded packets are judged; null when the rules given do not tell'),
  jump: z
    .object({
      where: chainPlaceSchema.describe('place in FORWARD'),
      ctstate: z.string().nullable().describe('connection states that are judged; null means all'),
    })
    .nullable(),
  baseChains: z.array(baseChainSchema),
  policies: z.array(translatedPolicySchema),
  sets: z.array(setSchema),
  staleChains: z.array(z.string()).describe('empty policy chains without a jump: what a deleted policy leaves behind; harmless'),
  incomplete: incompletePartsSchema,
  unresolved: z.array(z.string()).describe('kernel names of sets and policy chains that nothing explains'),
  problems: z.array(problemSchema),
})

export const translationListSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('TranslationList'),
  items: z.array(translationSchema).describe('one for each node'),
  failures: z.array(nodeFailureSchema).describe('nodes that could not be read'),
})

export type TranslatedRule = z.infer<typeof translatedRuleSchema>
export type TranslatedPolicy = z.infer<typeof translatedPolicySchema>
export type BaseChain = z.infer<typeof baseChainSchema>
export type Translation = z.infer<typeof translationSchema>
