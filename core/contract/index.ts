import {resolutionSchema} from './resolution.ts'
import {setListSchema} from './set-list.ts'
import {translationSchema} from './translation.ts'

/** The schema of every JSON document we print, by its kind. */
export const schemas = {
  Resolution: resolutionSchema,
  SetList: setListSchema,
  Translation: translationSchema,
} as const
