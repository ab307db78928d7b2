import {z} from 'zod'
import {incompletePartsSchema, problemSchema} from './common.ts'
import {verdictSchema} from './trace.ts'
import {API_VERSION} from './version.ts'

export const probeSchema = z.object({
  source: z.string().describe('namespace/pod or "external"'),
  destination: z.string(),
  protocol: z.enum(['tcp', 'udp', 'sctp']),
  port: z.int().min(0).max(65535),
  verdict: verdictSchema,
  expected: z.enum(['accept', 'drop']).exactOptional().describe('what the policies mean, when rules were walked'),
})

export const matrixSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Matrix'),
  node: z.string(),
  walked: z.boolean().describe('whether rules of a node were walked; else only the policies were evaluated'),
  probes: z.array(probeSchema),
  incomplete: incompletePartsSchema,
  problems: z.array(problemSchema),
})

export const matrixChangeSchema = z.object({
  source: z.string(),
  destination: z.string(),
  protocol: z.enum(['tcp', 'udp', 'sctp']),
  port: z.int().min(0).max(65535),
  before: verdictSchema,
  after: verdictSchema,
})

export const matrixDiffSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('MatrixDiff'),
  opens: z.array(matrixChangeSchema).describe('packets that would pass and do not now'),
  closes: z.array(matrixChangeSchema).describe('packets that pass now and would not any more'),
  unknown: z.array(matrixChangeSchema).describe('packets of which one side is not known'),
  problems: z.array(problemSchema),
})

export type Probe = z.infer<typeof probeSchema>
export type MatrixChange = z.infer<typeof matrixChangeSchema>
