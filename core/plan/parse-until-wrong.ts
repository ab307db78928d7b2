import {z} from 'zod'

/** What was parsed, or the first thing that is wrong. */
export type FirstWrong<Data> =
  | {readonly success: true; readonly data: Data}
  | {readonly success: false; readonly path: readonly PropertyKey[]; readonly message: string}

interface Wrong {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/**
 * Parses as zod does, but stops at the first wrong element of a list. zod keeps an issue for each one: of a list with a million wrong elements
 * they fill the heap of an agent.
 */
export function parseUntilWrong<Data>(schema: z.ZodType<Data>, value: unknown): FirstWrong<Data> {
  const wrong = wrongInLists(schema, value)
  if (wrong) return {success: false, ...wrong}
  const parsed = schema.safeParse(value)
  return parsed.success ? parsed : {success: false, ...firstOf(parsed.error)}
}

/** Looks at elements of lists, the innermost first. What is in no list has few issues. */
function wrongInLists(schema: unknown, value: unknown): Wrong | undefined {
  if (schema instanceof z.ZodExactOptional) return wrongInLists(schema.unwrap(), value)
  if (schema instanceof z.ZodArray && Array.isArray(value)) {
    const element = schema.element as z.ZodType
    for (const [at, each] of value.entries()) {
      const wrong = wrongInLists(element, each) ?? wrongIn(element, each)
      if (wrong) return {...wrong, path: [at, ...wrong.path]}
    }
  } else if (schema instanceof z.ZodObject && typeof value === 'object' && value !== null) {
    for (const [key, its] of Object.entries(schema.shape)) {
      const wrong = Object.hasOwn(value, key) ? wrongInLists(its, (value as Record<string, unknown>)[key]) : undefined
      if (wrong) return {...wrong, path: [key, ...wrong.path]}
    }
  }
  return undefined
}

function wrongIn(schema: z.ZodType, value: unknown): Wrong | undefined {
  const {error} = schema.safeParse(value)
  return error && firstOf(error)
}

const firstOf = ({issues: [first]}: z.ZodError): Wrong => ({path: first?.path ?? [], message: first?.message ?? 'is no plan'})
