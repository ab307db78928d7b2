import {type ZodType, z} from 'zod'
import {InputError} from '../../core/problem/input-error.ts'
import type {MetadataList} from './metadata-list.ts'
import type {Pod} from './pod.ts'

/**
 * What answers of the API server have to look like: those of their fields that are read. Whatever stands between, a login page or a server
 * of another kind, may answer anything.
 */

const text = z.string().optional()
const metadata = z.looseObject({
  name: z.string(),
  namespace: text,
  uid: text,
  labels: z.record(z.string(), z.string()).optional(),
})
const ended = z.looseObject({reason: text, message: text}).optional()
const state = z.looseObject({waiting: ended, terminated: ended, running: z.looseObject({}).optional()}).optional()

/** Any object of the API. */
export const objectShape = z.looseObject({metadata})

/** An answer of which nothing is read. */
export const anyShape = z.looseObject({})

export const podShape = z.looseObject({
  metadata,
  spec: z.looseObject({nodeName: text, containers: z.array(z.looseObject({name: z.string()})).optional()}),
  status: z
    .looseObject({
      phase: text,
      reason: text,
      message: text,
      conditions: z.array(z.looseObject({type: z.string(), status: z.string(), message: text})).optional(),
      containerStatuses: z.array(z.looseObject({state, lastState: state})).optional(),
    })
    .optional(),
}) as unknown as ZodType<Pod>

/** A list. The API server writes null for one that is empty. */
export const listShape = <Item>(item: ZodType<Item>) =>
  z.looseObject({
    apiVersion: text,
    items: z
      .array(item)
      .nullable()
      .transform(items => items ?? []),
  })

export const podsShape = listShape(podShape)
export const metadataListShape = listShape(objectShape) as unknown as ZodType<MetadataList>

/** Some characters say what kind of page it is. */
const SHOWN_CHARACTERS = 80

/**
 * Reads the JSON of an answer.
 *
 * @param asked method and path, for the error
 * @throws InputError that says which request was answered with what
 */
export function readAnswer<Value>(asked: string, body: string, shape: ZodType<Value>): Value {
  const what = `${asked.split('?')[0]}: the answer is not one of a Kubernetes API server`
  const next = 'Check which server the kubeconfig names, and what stands before it: kubectl get --raw /version'
  let answer: unknown
  try {
    answer = JSON.parse(body)
  } catch {
    throw new InputError(`${what}: ${beginningOf(body)}`, next)
  }
  const read = shape.safeParse(answer)
  if (read.success) return read.data
  const [issue] = read.error.issues
  const where = issue && issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''
  throw new InputError(`${what}: ${where}${issue?.message}`, next)
}

function beginningOf(body: string): string {
  const line = body.trim().replace(/\s+/g, ' ')
  if (line === '') return 'nothing'
  return line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS)}…` : line
}
