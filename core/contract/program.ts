import {z} from 'zod'
import {schemes} from '../names/hash.ts'
import {setTypes} from '../names/set-name.ts'
import {semantics, unsupportedCodes} from '../policy/program.ts'
import {releaseLines} from '../policy/release.ts'
import {problemSchema} from './common.ts'
import {API_VERSION} from './version.ts'

const ruleSchema = z.string().describe('as iptables-save prints it, the comment whole')

export const programSetSchema = z
  .object({
    set: z.string().describe('kernel name, azure-npm-…'),
    name: z.string().describe('what is hashed'),
    names: z.array(z.string()).exactOptional().describe('all that became this one set, when their names have one hash'),
    type: z.enum(setTypes),
    ipsetType: z.string(),
    members: z.array(z.string()).describe('as ipset prints them; of lists the kernel names'),
  })
  .describe('One ipset')

export const refusalSchema = z
  .object({
    policy: z.string().describe('namespace/name'),
    code: z.enum(unsupportedCodes),
    field: z.string().describe('where in the object: spec.ingress[0].from[1].ipBlock.cidr'),
    reason: z.string(),
    consequence: z.string().describe('what Azure NPM does then'),
  })
  .describe('Why a policy is not programmed as it is written')

export const programSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Program'),
  node: z.string().nullable().describe('the node that was asked for; null when the program is that of any node'),
  generation: z.enum(['v1', 'v2']).describe('NPM v1 or v2'),
  release: z.enum(releaseLines).describe('the first of the releases of Azure NPM that program this'),
  scheme: z.enum(schemes).describe('how names are hashed'),
  semantics: z
    .enum(semantics)
    .describe('npm: what Azure NPM programs, faults included; kubernetes: what the NetworkPolicy API says'),
  lite: z.boolean(),
  onNeed: z.boolean().describe('only sets that policies use'),
  chainFirst: z.boolean().describe('whether the jump is the first rule of FORWARD, not the one after KUBE-SERVICES'),
  jump: ruleSchema.nullable().describe('the rule in FORWARD; null when there is none, as in NPM v1 without policies'),
  baseChains: z
    .array(z.object({chain: z.string(), rules: z.array(ruleSchema)}))
    .describe('chains that are of no policy; jumps to policies included, and all rules of policies in NPM v1'),
  policies: z.array(
    z.object({
      policy: z.string().describe('namespace/name'),
      chains: z.array(
        z.object({
          direction: z.enum(['Ingress', 'Egress']),
          chain: z.string(),
          jump: ruleSchema.exactOptional().describe('absent in NPM v1, where the chain is that of all policies'),
          rules: z.array(ruleSchema).describe('those of this policy'),
        }),
      ),
      sets: z.array(z.string()).describe('kernel names of the sets that its rules name'),
    }),
  ),
  sets: z.array(programSetSchema),
  refusals: z.array(refusalSchema),
  problems: z.array(problemSchema),
})

export const programListSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('ProgramList'),
  items: z.array(programSchema).describe('the program of each node, in the order in which they were named'),
})

export type ProgramDocument = z.infer<typeof programSchema>
