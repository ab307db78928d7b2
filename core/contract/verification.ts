import {z} from 'zod'
import {incompletePartsSchema, nodeFailureSchema, problemSchema, releaseSchema} from './common.ts'
import {traceEndSchema, verdictSchema} from './trace.ts'
import {API_VERSION} from './version.ts'

export const verifiedPacketSchema = z.object({
  source: traceEndSchema,
  destination: traceEndSchema,
  protocol: z
    .string()
    .describe(
      'tcp, udp, sctp, icmp; other: any other protocol that rules and sets do not name; else its name, or its number if it has none',
    ),
  port: z.int().min(0).max(65535).nullable(),
})

const extentFields = {
  packet: verifiedPacketSchema.describe('one of the packets'),
  senders: z.array(z.string()).describe('namespace/pod, node or address; the first few'),
  receivers: z.array(z.string()).describe('namespace/pod, node or address; the first few'),
  services: z.array(z.string()).describe('protocols and ports: "tcp/80", "udp/0-52"; the first few'),
  pairs: z.int().min(1).describe('pairs of a sender and a receiver; alike ends count as one'),
}

export const counterexampleSchema = z
  .object({
    effect: z
      .enum(['open', 'closed'])
      .describe('open: packets pass that should not; closed: packets are dropped that should pass'),
    cause: z.string().describe('why, as far as it is known'),
    because: z.string().describe('what decides about the packet on the node, in one sentence'),
    expected: z.string().describe('what should decide, in one sentence'),
    ...extentFields,
  })
  .describe('Packets that are judged otherwise than they should be, for one cause')

export const undecidedSchema = z
  .object({reason: z.string(), verdict: verdictSchema.describe('of the node'), ...extentFields})
  .describe('Packets of which it is not known whether they are judged as they should be, for one reason')

export const verificationSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Verification'),
  node: z.string(),
  release: releaseSchema,
  against: z.enum(['policies', 'program']).describe('policies: what the API means; program: what Azure NPM would program'),
  result: z
    .enum(['proven', 'counterexamples', 'unknown'])
    .describe('proven: every packet of the domain is judged as it should be; unknown: none is known to be judged otherwise'),
  domain: z.object({
    text: z.string().describe('the packets that were compared, in words'),
    ofNode: z.boolean().describe('whether one end of each packet is a pod of this node; else which pods are on it is not known'),
    pods: z.int().min(0),
    nodes: z.int().min(0),
    otherAddresses: z.int().min(0).describe('kinds of other addresses: of the same sets and blocks'),
  }),
  counterexamples: z.array(counterexampleSchema),
  undecided: z.array(undecidedSchema),
  notes: z.array(z.string()),
  incomplete: incompletePartsSchema,
  problems: z.array(problemSchema),
})

export const verificationListSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('VerificationList'),
  items: z.array(verificationSchema).describe('by name of the node'),
  failures: z.array(nodeFailureSchema).describe('nodes of which nothing is known, because they could not be read'),
})

export type Verification = z.infer<typeof verificationSchema>
export type VerificationList = z.infer<typeof verificationListSchema>
export type Counterexample = z.infer<typeof counterexampleSchema>
export type Undecided = z.infer<typeof undecidedSchema>
