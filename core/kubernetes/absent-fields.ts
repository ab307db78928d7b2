import type {OwnKind} from './group-kind.ts'
import {isFields, type Unread} from './unread.ts'

/** Depth of the most deeply nested field of a policy: the values of a label expression of a peer. */
const DEEPEST_FIELD = 12
/** In other objects, nulls are removed only directly in `metadata`, `spec` and `status`. */
const DEEPEST_OTHER_FIELD = 2

/** Removes nulls: a file written by hand may contain `values:` without a value. The API server treats null as absent. */
export function nullsAsAbsent(object: Unread, kind: OwnKind): Unread {
  const depth = kind === 'NetworkPolicy' ? DEEPEST_FIELD : DEEPEST_OTHER_FIELD
  // Avoid copies: there are many objects, and nearly all come from an API server, which serves no nulls.
  return hasNull(object, depth) ? (withoutNulls(object, depth) as Unread) : object
}

function hasNull(value: unknown, depth: number): boolean {
  if (value === null) return true
  if (depth === 0 || typeof value !== 'object') return false
  if (Array.isArray(value)) {
    // By index: this runs too seldom for V8 to optimise iterators away.
    for (let at = 0; at < value.length; at++) if (hasNull(value[at], depth - 1)) return true
    return false
  }
  for (const key in value) if (hasNull((value as Unread)[key], key === 'matchLabels' ? 0 : depth - 1)) return true
  return false
}

function withoutNulls(value: unknown, depth: number): unknown {
  if (depth === 0) return value
  if (Array.isArray(value)) return value.map(each => withoutNulls(each, depth - 1))
  if (!isFields(value)) return value
  const fields = Object.entries(value).filter(([, each]) => each !== null)
  // A label without a value is not an absent one.
  return Object.fromEntries(fields.map(([key, each]) => [key, key === 'matchLabels' ? each : withoutNulls(each, depth - 1)]))
}
