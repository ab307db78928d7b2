import {z} from 'zod'
import {API_VERSION} from './version.ts'

export const dumpNodeSchema = z.object({
  name: z.string().describe('the node; "unknown" when nothing tells'),
  folder: z.string().describe('where its files are, from the folder of dump.json'),
  takenAt: z.iso.datetime().exactOptional().describe('when its kernel was read; absent when nothing tells'),
  agentVersion: z.string().exactOptional().describe('of the agent that read it'),
  documents: z.array(z.string()).describe('its files'),
  given: z
    .array(z.string())
    .exactOptional()
    .describe('those that somebody gave as files: whether they are all that a tool printed is not known'),
})

export const dumpFailureSchema = z.object({
  node: z.string().exactOptional().describe('absent when it is about the whole dump'),
  document: z
    .string()
    .exactOptional()
    .describe('the file that is missing or not whole; absent when nothing of the node could be read'),
  message: z.string(),
  next: z.string(),
})

export const dumpSchema = z
  .object({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal('Dump'),
    formatVersion: z.int().min(1),
    id: z.string().describe('random; no two dumps share it'),
    takenAt: z.iso.datetime().describe('when it was begun'),
    version: z.string().describe('of kubectl-npm, which wrote it'),
    redacted: z.boolean().describe('whether names and addresses were replaced'),
    nodes: z.array(dumpNodeSchema),
    failures: z.array(dumpFailureSchema).describe('what could not be read, and why'),
  })
  .describe('dump.json, the table of contents of a dump')

export type DumpManifest = z.infer<typeof dumpSchema>
export type DumpNode = z.infer<typeof dumpNodeSchema>
export type DumpFailure = z.infer<typeof dumpFailureSchema>
