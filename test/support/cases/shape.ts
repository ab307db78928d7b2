import {z} from 'zod'
import {schemes} from '../../../core/names/hash.ts'
import {deviationCodes} from '../../../core/policy/deviations.ts'
import {semantics, unsupportedCodes} from '../../../core/policy/program.ts'

/** The shape of the YAML files, checked strictly: a key spelled wrong must not make a case say less than it seems to. */

const labels = z.record(z.string(), z.string())

const namespace = z.strictObject({labels: labels.optional(), isTerminating: z.boolean().optional()})

const pod = z.strictObject({
  ip: z.ipv4().optional(),
  labels: labels.optional(),
  ports: z
    .array(z.strictObject({name: z.string().optional(), containerPort: z.int(), protocol: z.string().optional()}))
    .optional(),
  hostNetwork: z.boolean().optional(),
  phase: z.enum(['Pending', 'Running', 'Succeeded', 'Failed']).optional(),
})

export const clusterShape = z.strictObject({
  namespaces: z.record(z.string(), namespace),
  /** By `namespace/name`. */
  pods: z.record(z.string(), pod),
  /** Addresses that are no pod's. */
  outside: z.record(z.string(), z.ipv4()),
})
export type ClusterShape = z.infer<typeof clusterShape>

const change = z.strictObject({
  namespaces: z.record(z.string(), namespace.nullable()).optional(),
  pods: z.record(z.string(), pod.nullable()).optional(),
})
/** What is other than in the shared cluster: fields given replace those there, null removes. */
export type Change = z.infer<typeof change>

const selector = z.strictObject({
  matchLabels: labels.optional(),
  matchExpressions: z
    .array(
      z.strictObject({
        key: z.string(),
        operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
        values: z.array(z.string()).optional(),
      }),
    )
    .optional(),
})
const peers = z.array(
  z.strictObject({
    podSelector: selector.optional(),
    namespaceSelector: selector.optional(),
    ipBlock: z.strictObject({cidr: z.string(), except: z.array(z.string()).optional()}).optional(),
  }),
)
const ports = z.array(
  z.strictObject({
    protocol: z.string().optional(),
    port: z.union([z.int(), z.string()]).optional(),
    endPort: z.int().optional(),
  }),
)

const policy = z.strictObject({
  in: z.string(),
  name: z.string(),
  podSelector: selector,
  policyTypes: z.array(z.enum(['Ingress', 'Egress'])).optional(),
  ingress: z.array(z.strictObject({from: peers.optional(), ports: ports.optional()})).optional(),
  egress: z.array(z.strictObject({to: peers.optional(), ports: ports.optional()})).optional(),
})
/** A NetworkPolicy, its namespace under `in` and its spec unfolded. */
export type PolicyShape = z.infer<typeof policy>

/** Where Azure NPM does otherwise than the API says. */
const departs = z.strictObject({
  code: z.enum(deviationCodes),
  because: z.string().min(20),
  /** What Azure NPM does instead, on top of the lines for both. */
  expect: z.array(z.string()).min(1),
})
export type Deviation = z.infer<typeof departs>

const step = z.strictObject({
  /** What has happened since the step before. */
  after: z.string(),
  /** All there are now; as before if absent. */
  policies: z.array(policy).optional(),
  change: change.optional(),
  expect: z.array(z.string()).min(1),
  departs: departs.optional(),
})

export const caseShape = z.strictObject({
  name: z.string().min(10),
  /** A case for one of the two alone is one that the other has no answer for. */
  semantics: z.enum(['both', ...semantics]).default('both'),
  cluster: z.string().default('harbour'),
  ports: z.array(z.union([z.int(), z.string()])).default([80, 81, '80/udp', '81/udp', '82/sctp', 'icmp']),
  policies: z.array(policy),
  change: change.optional(),
  /** Only where names meet does it matter how they are hashed. */
  scheme: z.enum(schemes).optional(),
  /** What Azure NPM holds against a policy; it may program it all the same. */
  refused: z.enum(unsupportedCodes).optional(),
  expect: z.array(z.string()).min(1),
  departs: departs.optional(),
  later: z.array(step).default([]),
})
export type CaseShape = z.output<typeof caseShape>

export const themeShape = z.strictObject({theme: z.string(), cases: z.array(caseShape).min(1)})
