import {z} from 'zod'
import {lintCodes} from '../lint/codes.ts'
import {levels, lintPlatforms} from '../lint/lint-rule.ts'
import {problemSchema} from './common.ts'
import {API_VERSION} from './version.ts'

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
  platforms: z.array(z.enum(['linux', 'windows'])).describe('the platforms that were looked at'),
  policies: z.int().min(0).describe('how many policies were looked at'),
  counts: z.object({error: z.int().min(0), warning: z.int().min(0), info: z.int().min(0)}),
  findings: z.array(findingSchema).describe('by policy, the worst policy first, and its worst finding first'),
  problems: z.array(problemSchema),
})

export type Finding = z.infer<typeof findingSchema>
export type Lint = z.infer<typeof lintSchema>
