import {z} from 'zod'
import {incompletePartsSchema, nodeFailureSchema, setSchema} from './common.ts'
import {API_VERSION} from './version.ts'

export const setListSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('SetList'),
  node: z.string(),
  items: z.array(setSchema),
  incomplete: incompletePartsSchema,
})

export const setListListSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('SetListList'),
  items: z.array(setListSchema).describe('one for each node'),
  failures: z.array(nodeFailureSchema).describe('nodes that could not be read'),
})
