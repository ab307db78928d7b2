import type {z} from 'zod'
import type {Json} from '../../core/kubernetes/api-types.ts'

/**
 * Schemas for fields of a type of the Kubernetes client, so that the compiler refuses a misspelt field and a wrong type. `null` is
 * allowed, as the API server writes it for an empty list.
 */
export type FieldSchemas<Type> = {readonly [Key in keyof Type]?: z.ZodType<Json<Type[Key]> | null | undefined>}
