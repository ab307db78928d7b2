import {z} from 'zod'
import {incompletePartsSchema, setSchema} from './common.ts'
import {API_VERSION} from './version.ts'

export const setListSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('SetList'),
  node: z.string(),
  items: z.array(setSchema),
  incomplete: incompletePartsSchema,
})
