import {z} from 'zod'
import {agentStatusSchema} from './agent.ts'
import {nodeFailureSchema} from './common.ts'
import {API_VERSION} from './version.ts'

const failureSchema = nodeFailureSchema.omit({node: true})

export const agentStatusListSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('AgentStatusList'),
  items: z.array(agentStatusSchema).describe('by name of the node'),
  failures: z.array(nodeFailureSchema).describe('nodes that could not be asked'),
})
export type AgentStatusList = z.infer<typeof agentStatusListSchema>

export const agentStatusChangeSchema = z
  .object({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal('AgentStatusChange'),
    node: z.string(),
    status: agentStatusSchema.exactOptional().describe('absent while the agent cannot be asked'),
    failure: failureSchema.exactOptional().describe('why it cannot be asked; it is asked again'),
    skipped: z.int().min(0).describe('changes since the last document of this node that were left out'),
  })
  .describe('What status --watch prints, one document to a line')
export type AgentStatusChange = z.infer<typeof agentStatusChangeSchema>

export const versionListSchema = z
  .object({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal('VersionList'),
    client: z.object({
      version: z.string(),
      node: z.string().describe('the Node.js that it runs on'),
      installation: z
        .object({
          by: z.enum(['krew', 'npm', 'clone', 'executable', 'bundle']),
          path: z.string().describe('the executable, or the folder of the program'),
          upgrade: z.string().describe('what brings a newer version: a command, or words; whether there is one is not looked up'),
        })
        .describe('how it was installed, by where it lies'),
    }),
    agents: z.array(agentStatusSchema.pick({node: true, version: true})).describe('by name of the node; empty without a cluster'),
    failures: z.array(nodeFailureSchema).describe('nodes whose agent could not be asked'),
  })
  .describe('What version prints')
export type VersionList = z.infer<typeof versionListSchema>
