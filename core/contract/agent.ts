import {z} from 'zod'
import {problemSchema} from './common.ts'
import {documentRow, type NodeDocument, nodeDocuments} from './node-documents.ts'
import {writeStatusSchema} from './writes.ts'

/**
 * What plugin and agent say to each other. Within one major version fields and procedures are only added: either side
 * passes over what it does not know, and the plugin calls only what the agent's `hello` names. What it asks beside its own `hello`, an agent that does
 * not know it refuses.
 */
export const CONTRACT = {major: 1, minor: 3} as const

export const contractVersionSchema = z.object({major: z.int().min(0), minor: z.int().min(0)})

/** Resources that exist in RBAC only: no API serves them. The name asked about is the node's. */
export type VirtualResource = 'status' | 'dumps' | 'drifts' | 'applies' | 'flows'
export const RIGHTS_GROUP = 'npm.kubectl.io'

/** What a caller must be allowed to do. */
export interface Right {
  readonly verb: 'get' | 'create'
  readonly resource: VirtualResource
}

const READ_STATUS = {verb: 'get', resource: 'status'} as const
const READ_DUMPS = {verb: 'get', resource: 'dumps'} as const
const CREATE_APPLIES = {verb: 'create', resource: 'applies'} as const

/** Every procedure of this contract and the right that it needs. */
export const procedureRights = {
  hello: READ_STATUS,
  status: READ_STATUS,
  statusChanges: READ_STATUS,
  openSnapshot: READ_DUMPS,
  readSnapshot: READ_DUMPS,
  closeSnapshot: READ_DUMPS,
  diff: {verb: 'get', resource: 'drifts'},
  samples: READ_DUMPS,
  metrics: READ_DUMPS,
  writes: READ_STATUS,
  stagePlan: CREATE_APPLIES,
  // `apply` is a word that tRPC keeps for itself.
  applyPlan: CREATE_APPLIES,
  rollback: CREATE_APPLIES,
  confirm: CREATE_APPLIES,
} as const satisfies Readonly<Record<string, Right>>
export type Procedure = keyof typeof procedureRights

/** What a caller must be allowed to do to have a document of a snapshot. Who talks to whom is for operators only. */
export const documentRight = (document: NodeDocument): Right =>
  documentRow(document).use === 'flows' ? {verb: 'get', resource: 'flows'} : READ_DUMPS

/** What an agent does not answer that was started to read only. */
export const writeProcedures: readonly Procedure[] = ['writes', 'stagePlan', 'applyPlan', 'rollback', 'confirm']

/** Resources that the operator's account has alone. */
export const operatorResources: readonly VirtualResource[] = ['applies', 'flows']

/** The audience of a token for an agent: only the holder of this very key may use the token. */
export const audienceOf = (spkiSha256Base64url: string): string => `npm-agent/${spkiSha256Base64url}`

export const accounts = {viewer: 'npm-viewer', operator: 'npm-operator'} as const
export const LONGEST_TOKEN_SECONDS = 600
/** The folder of an agent that is given no other one. */
export const AGENT_STATE_DIR = '/var/lib/npm-agent'
/** In that folder: the unix socket for root of the node. */
export const AGENT_SOCKET = 'agent.sock'

/** The unix socket of the node on which the agent serves clients. A relay passes bytes to it; nobody else may open it. */
export const CLIENTS_SOCKET = '/run/kubectl-npm/clients.sock'
/** Beside it: whoever connects sees that the agent is there. Probes ask it. */
export const LIVE_SOCKET = '/run/kubectl-npm/live.sock'
/** On Windows clients come to the loopback of the node itself, where a relay would stand. */
export const CLIENTS_ADDRESS = '127.0.0.1:10292'
/** On Windows, in place of the unix socket for root: administrators alone can open it. */
export const ROOT_PIPE = String.raw`\\.\pipe\npm-agent`
/** The group that may open both, and the user and group of the relay. Nobody else has this number. */
export const RELAY_GROUP = 10292
/** On the loopback of the relay's pod. */
export const RELAY_PORT = 10292

/** Where an agent that is installed with metrics serves them, on its node. The relay's port is in another network namespace. */
export const METRICS_PORT = 10292
export const metricsPaths = ['/node-metrics', '/cluster-metrics'] as const
export type MetricsPath = (typeof metricsPaths)[number]
/** The audience of a token that is good for reading metrics and nothing else. */
export const METRICS_AUDIENCE = 'npm-agent-metrics'

export const helloInputSchema = z.object({contract: contractVersionSchema, version: z.string().max(64)})

/** How current the agent's picture of the cluster is. */
export const syncStateSchema = z.object({
  state: z
    .enum(['off', 'starting', 'live', 'stale'])
    .describe(
      'off: the agent does not watch; starting: first lists are under way; live: watches are open; stale: the API server is away',
    ),
  asOf: z.iso.datetime().exactOptional().describe('the last moment at which the picture was known to be current'),
  failure: z.string().exactOptional().describe('why it is not live'),
  pods: z.int().min(0),
  namespaces: z.int().min(0),
  policies: z.int().min(0),
})
export type SyncState = z.infer<typeof syncStateSchema>

export const helloSchema = z.object({
  contract: contractVersionSchema,
  version: z.string(),
  node: z.string(),
  procedures: z.array(z.string()).describe('what this agent answers'),
  knowledge: syncStateSchema,
})
export type Hello = z.infer<typeof helloSchema>

export const agentStatusSchema = z.object({
  node: z.string(),
  version: z.string(),
  startedAt: z.iso.datetime(),
  knowledge: syncStateSchema,
  connections: z.int().min(0),
  subscriptions: z.int().min(0),
  memoryBytes: z.int().min(0).describe('resident set size of the agent'),
  backend: z.enum(['nft', 'legacy', 'hns', 'unknown']).describe('of the last read'),
  npm: z
    .object({
      release: z.string().nullable().describe('the tag of its image; null when that names no release'),
      startedAt: z.iso.datetime().nullable().describe('of its container; null while it does not run'),
    })
    .exactOptional()
    .describe('Azure NPM of this node, as its pod tells; absent where the agent sees no such pod'),
  lastRead: z.object({at: z.iso.datetime(), durationMs: z.number().min(0), problems: z.int().min(0)}).exactOptional(),
  signaturesUnchecked: z
    .string()
    .exactOptional()
    .describe('why the agent cannot check signatures of tokens: forged ones, which open nothing, can then delay good ones'),
  writes: writeStatusSchema
    .exactOptional()
    .describe('what was written to the node, as far as the agent has seen; absent before it has looked'),
  metrics: z
    .object({
      auth: z.enum(['token', 'none']),
      port: z.int().exactOptional().describe('on which they are served now'),
      failure: z.string().exactOptional().describe('why they are not'),
    })
    .exactOptional()
    .describe('absent where the agent was not told to serve them'),
  readOnly: z.literal(true).exactOptional().describe('the agent was started to read only, and loads nothing that writes'),
})
export type AgentStatus = z.infer<typeof agentStatusSchema>

/** A subscription never queues: what a slow reader misses is left out and counted. */
export const statusChangeSchema = z.object({status: agentStatusSchema, skipped: z.int().min(0)})

/** A newer plugin asks for documents that an older agent does not know; it answers with those that it has. */
export const openSnapshotInputSchema = z.object({
  documents: z.array(z.string().max(64)).min(1).max(64),
})

export const snapshotSchema = z.object({
  id: z.string().max(64),
  node: z.string(),
  takenAt: z.iso.datetime(),
  documents: z.array(z.string()).describe('those that can be read; what this node cannot have is not among them'),
})
export type Snapshot = z.infer<typeof snapshotSchema>

export const readSnapshotInputSchema = z.object({
  id: z.string().max(64),
  document: z.enum(nodeDocuments),
  offset: z.int().min(0).describe('into the gzip stream, in bytes'),
})

/** A piece of a document's gzip stream. The reader asks for the next one, so a slow reader holds up nobody but itself. */
export const snapshotPieceSchema = z.object({
  base64: z.string(),
  end: z.boolean(),
  problems: z.array(problemSchema).describe('with the last piece: what could not be read'),
  command: z.string().exactOptional().describe('with the last piece: what was run'),
  durationMs: z.number().exactOptional(),
})
export type SnapshotPiece = z.infer<typeof snapshotPieceSchema>

export const diffInputSchema = z.object({lite: z.boolean().exactOptional()})

/**
 * A piece of a plan: of the gzip stream of its JSON. The first one has no `stagedId`, and its answer gives it; the others come one after
 * the other. What is staged belongs to the token, and is forgotten when the connection ends.
 */
export const stagePlanInputSchema = z.object({
  stagedId: z.string().max(64).exactOptional(),
  offset: z.int().min(0).describe('into the gzip stream, in bytes: what the agent has so far'),
  base64: z.string(),
})
/** So much of a gzip stream fits into a piece. */
export const STAGED_PIECE_BYTES = 36 * 1024
export const stagedPlanSchema = z.object({stagedId: z.string().max(64), bytes: z.int().min(0).describe('that the agent has')})

/** A confirmation that is waited for longer is none. */
export const LONGEST_CONFIRMATION_MS = 24 * 3600 * 1000
export const applyInputSchema = z.object({
  stagedId: z.string().max(64),
  confirmWithinMs: z.int().min(1000).max(LONGEST_CONFIRMATION_MS).exactOptional(),
  endDeniedFlows: z.boolean().exactOptional(),
})
export const rollbackInputSchema = z.object({to: z.string().max(128).exactOptional().describe('id of a restore point')})
export const confirmInputSchema = z.object({id: z.string().max(128).exactOptional().describe('of the write that is meant')})

/** What an agent says over HTTP instead of opening the WebSocket, and in errors of procedures. */
export const refusalSchema = z.object({
  code: z.enum([
    'NO_TOKEN',
    'BAD_TOKEN',
    'TOKEN_TOO_OLD',
    'WRONG_ACCOUNT',
    'FORBIDDEN',
    'TOO_MANY',
    'REVIEW_FAILED',
    'OTHER_CONTRACT',
    'NO_SNAPSHOT',
    'NO_KNOWLEDGE',
    'READ_FAILED',
    'READ_ONLY',
    'NO_PLAN',
    'BAD_PLAN',
  ]),
  message: z.string(),
  next: z.string(),
})
export type Refusal = z.infer<typeof refusalSchema>

/** Why an agent ends a WebSocket; a reason in words comes with each. */
export const closeCodes = {
  /** The agent ends. */
  goingAway: 1001,
  /** The token's time is over: the client may come again with a new one. */
  tokenOver: 4401,
  notReading: 4408,
  tooMuch: 4429,
} as const
