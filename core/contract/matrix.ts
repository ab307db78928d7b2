import {z} from 'zod'
import {incompletePartsSchema, nodeReleasesSchema, problemSchema} from './common.ts'
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

const foretoldSchema = z
  .boolean()
  .exactOptional()
  .describe('no node was read: verdicts are what Azure NPM will do with the policies, "expected" is what these mean')

const departuresSchema = z
  .array(
    z.object({
      code: z.string().describe('as lint calls it'),
      sentence: z.string(),
      objects: z.array(z.string()).describe('namespace/name of policies, names of namespaces'),
    }),
  )
  .exactOptional()
  .describe('where Azure NPM is known to depart from the NetworkPolicy API in these policies')

const standInsSchema = z
  .array(z.object({name: z.string(), address: z.string()}))
  .exactOptional()
  .describe(
    'pods that are not there, made from the templates of Deployments and others, with made-up addresses, which of all blocks of the policies only 0.0.0.0/0 contains',
  )

export const matrixSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Matrix'),
  node: z.string().describe('of several nodes all names, with commas'),
  nodes: z.array(z.string()).exactOptional().describe('where several were walked: each packet by the nodes of its ends'),
  releases: nodeReleasesSchema,
  walked: z.boolean().describe('whether rules of a node were walked'),
  foretold: foretoldSchema,
  standIns: standInsSchema,
  probes: z.array(probeSchema),
  departures: departuresSchema,
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
  expectedBefore: z.enum(['accept', 'drop']).exactOptional().describe('what the policies mean before the change'),
  expectedAfter: z.enum(['accept', 'drop']).exactOptional().describe('what the policies mean after the change'),
})

export const matrixDiffSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('MatrixDiff'),
  opens: z.array(matrixChangeSchema).describe('packets that would pass and do not now'),
  closes: z.array(matrixChangeSchema).describe('packets that pass now and would not any more'),
  unknown: z.array(matrixChangeSchema).describe('packets of which one side is not known'),
  withoutEffect: z
    .array(matrixChangeSchema)
    .exactOptional()
    .describe('packets for which the meaning of the policies changes, but not what happens to them'),
  foretold: foretoldSchema,
  standIns: standInsSchema,
  departures: departuresSchema,
  incomplete: incompletePartsSchema,
  problems: z.array(problemSchema),
})

export type Probe = z.infer<typeof probeSchema>
export type MatrixChange = z.infer<typeof matrixChangeSchema>
