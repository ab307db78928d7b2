import {z} from 'zod'
import {incompletePartsSchema, nodeFailureSchema, problemSchema} from './common.ts'
import {API_VERSION} from './version.ts'

/** Where a value comes from. */
export const metricSources = ['kernel', 'objects', 'npm', 'own'] as const
export const metricTypes = ['gauge', 'counter', 'summary', 'histogram'] as const

export const metricFamilySchema = z
  .object({
    name: z.string(),
    type: z.enum(metricTypes),
    unit: z.string().describe('count, ms, s, ratio, bytes, packets, 0 or 1, 1'),
    help: z.string(),
    source: z
      .enum(metricSources)
      .describe(
        "kernel: rules and sets; objects: the cluster's objects; npm: relayed from Azure NPM's page; own: work of kubectl npm",
      ),
    samples: z.array(
      z.object({
        name: z.string().describe("the family's name, with _sum, _count or _bucket for parts of summaries and histograms"),
        labels: z.record(z.string(), z.string()),
        value: z.union([z.number(), z.enum(['NaN', '+Inf', '-Inf'])]),
      }),
    ),
  })
  .describe('One metric with all its series')

export const metricsSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Metrics'),
  node: z.string(),
  families: z.array(metricFamilySchema).describe('by name'),
  absent: z
    .array(z.object({name: z.string(), reason: z.string()}))
    .describe('metrics without a value, and why: none is made up. Those of other operating systems are left out'),
  incomplete: incompletePartsSchema,
  problems: z.array(problemSchema),
})

export const metricsListSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('MetricsList'),
  items: z.array(metricsSchema).describe('by name of the node'),
  failures: z.array(nodeFailureSchema).describe('nodes of which nothing is known, because they could not be read'),
})

/** What a client asks of an agent. */
export const metricsInputSchema = z.object({
  setCounts: z.boolean().describe('whether each set has a series'),
  compare: z.boolean().describe('whether the node is compared with its policies first, unless that was done just now'),
})
export type MetricsInput = z.infer<typeof metricsInputSchema>

export type MetricsList = z.infer<typeof metricsListSchema>
export type Metrics = z.infer<typeof metricsSchema>
export type MetricFamily = z.infer<typeof metricFamilySchema>
export type MetricSample = MetricFamily['samples'][number]
export type MetricSource = (typeof metricSources)[number]
export type MetricType = (typeof metricTypes)[number]
