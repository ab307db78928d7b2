import {z} from 'zod'
import {incompletePartsSchema, nodeFailureSchema, problemSchema, setSchema} from './common.ts'
import {findingSchema} from './lint.ts'
import {heldBySchema} from './membership.ts'
import {policyListItemSchema} from './policies.ts'
import {API_VERSION} from './version.ts'

const describedPodSchema = z.object({
  pod: z.string().describe('namespace/name'),
  node: z.string().nullable().describe('null while it runs on none'),
  address: z.string().nullable().describe('IPv4'),
  ipv6: z.array(z.string()).describe('addresses of which Azure NPM filters no packet'),
  hostNetwork: z.boolean().describe('whether it shares the address of its node: no policy applies to it'),
  labels: z.record(z.string(), z.string()),
})

const describedRulesSchema = z.object({
  policy: z.string().describe('namespace/name'),
  direction: z.enum(['Ingress', 'Egress']),
  subject: z.string().describe('the pods that it is programmed for, in words'),
  enforced: z.boolean().describe('whether packets get to the rules'),
  nodes: z.array(z.string()).describe('that have these rules'),
  rules: z.array(z.string()).describe('in words'),
})

const reachGroupSchema = z.object({
  ends: z.array(z.string()).describe('namespace/pod, or "external": one address outside the cluster'),
  accepted: z
    .array(z.string())
    .describe('ports that pass: "tcp/80", "tcp/30000-30010", "udp" for all its ports; tcp, udp and sctp are judged'),
  dropped: z.array(z.string()),
  unknown: z.array(z.string()),
  unlikePolicies: z.array(z.string()).describe('ports at which the verdict is not what the policies mean'),
})

const describedServiceSchema = z.object({
  type: z.string().describe('ClusterIP, NodePort, LoadBalancer or ExternalName'),
  addresses: z.array(z.string()).describe('IPv4, of the cluster; none of a headless service'),
  headless: z.boolean(),
  externalName: z.string().exactOptional(),
  selector: z.record(z.string(), z.string()).exactOptional(),
  from: z.enum(['endpoints', 'selector']).describe('what tells the backends; a selector does not tell which are ready'),
  ports: z.array(
    z.object({
      port: z.int(),
      name: z.string().exactOptional(),
      protocol: z.string().describe('lower case'),
      targetPort: z.union([z.int(), z.string()]).exactOptional(),
      backends: z.array(z.object({address: z.string(), port: z.int(), pod: z.string().exactOptional()})),
      notReady: z.int().min(0).describe('endpoints that get no packets'),
    }),
  ),
})

export const descriptionSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Description'),
  asked: z.string().describe('the word that was given'),
  type: z.enum(['pod', 'address', 'service', 'namespace', 'node', 'policy', 'set']).describe('what it stands for'),
  name: z.string().describe('of pods and policies namespace/name'),
  choice: z
    .string()
    .exactOptional()
    .describe('how it was chosen, where it is not called so itself: of a workload one of the pods'),
  service: describedServiceSchema.exactOptional().describe('of a service'),
  pods: z
    .array(describedPodSchema)
    .describe(
      'the pod, those at the address, behind the service, of the namespace or on the node, or those that the policy selects',
    ),
  heldBy: z.array(heldBySchema).describe('of a pod or address: the sets that hold it'),
  sets: z
    .array(setSchema.extend({node: z.string()}))
    .describe('the set on each node; of a namespace those that are named after it, of one node, without members'),
  policies: z
    .array(policyListItemSchema)
    .describe('that select the pod, are of the namespace, or use the set; or the policy itself; as `policies` lists them'),
  rules: z.array(describedRulesSchema).describe('what is programmed for the pod or address, of the policy, or with the set'),
  reach: z
    .object({
      nodes: z.array(z.string()).describe('whose rules were walked: of both ends of each packet, where they were given'),
      foretold: z.boolean().describe('no node was read: as Azure NPM would program the policies'),
      from: z.array(reachGroupSchema).describe('who may reach the pod'),
      to: z.array(reachGroupSchema).describe('whom the pod may reach'),
    })
    .exactOptional()
    .describe('of a pod; absent where it is not known, which is in incomplete then, and where no policy applies'),
  differences: z.array(z.object({text: z.string(), nodes: z.array(z.string())})).describe('what `diff` finds and concerns it'),
  findings: z.array(findingSchema).describe('what `lint` finds in its policies'),
  nodes: z
    .array(
      z.object({
        node: z.string(),
        release: z
          .string()
          .nullable()
          .describe('of Azure NPM, as its pod or what is programmed tells: v1.6.48, v1.6.46 or newer'),
        generation: z.enum(['v1', 'v2', 'mixed', 'absent', 'unknown']),
        backend: z.enum(['nft', 'legacy', 'hns', 'unknown']),
        active: z.boolean().nullable().describe('whether new forwarded packets are judged; null when the rules do not tell'),
        policies: z.int().min(0).describe('of which anything is programmed'),
        sets: z.int().min(0).nullable().describe('null when no sets were given'),
      }),
    )
    .describe('that were read'),
  failures: z.array(nodeFailureSchema).describe('nodes that could not be read'),
  incomplete: incompletePartsSchema,
  problems: z.array(problemSchema),
})

export const descriptionListSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('DescriptionList'),
  items: z.array(descriptionSchema).describe('in the order in which they were asked for'),
})

export type Description = z.infer<typeof descriptionSchema>
export type DescribedPod = Description['pods'][number]
export type ReachGroup = z.infer<typeof reachGroupSchema>
