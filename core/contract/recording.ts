import {z} from 'zod'
import {setSchema} from './common.ts'
import {driftSchema} from './drift.ts'
import {liveEventFields, liveEventSchema} from './live.ts'

/** The comparison of a node with its policies, as it was looked at. */
export const liveDifferencesSchema = z
  .object({...liveEventFields, kind: z.literal('LiveDifferences'), drift: driftSchema})
  .describe('The comparison of a node with its policies, as somebody looked at it while recording')

/** A set with its members, as it was looked at. */
export const liveMembersSchema = z
  .object({...liveEventFields, kind: z.literal('LiveMembers'), entry: setSchema})
  .describe('A set of a node with its members, as somebody looked at it while recording')

/** What was read for who looked at a page. It belongs to the moment behind which it stands; `at` is of the recording machine. */
export const liveDetailSchema = z.discriminatedUnion('kind', [liveDifferencesSchema, liveMembersSchema])
export type LiveDetail = z.infer<typeof liveDetailSchema>

/** A line of a recording. */
export const recordedSchema = z.union([liveEventSchema, liveDetailSchema])
export type Recorded = z.infer<typeof recordedSchema>
