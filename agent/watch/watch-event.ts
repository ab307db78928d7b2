import {ApiServerError} from '../kubernetes/api-server.ts'

/** One event of a watch, with its resource version. */
export type WatchEvent =
  | {readonly type: 'added' | 'modified' | 'deleted'; readonly version: string; readonly object: unknown}
  | {readonly type: 'bookmark'; readonly version: string}

/** A line of a watch that cannot be used. */
export class BadEvent extends Error {}

const TYPES = {ADDED: 'added', MODIFIED: 'modified', DELETED: 'deleted', BOOKMARK: 'bookmark'} as const

/**
 * Parses one line of a watch.
 * Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 *
 * @throws BadEvent for a line that is no event, and for an ERROR event; ApiServerError for an ERROR event with status
 *   410, an expired version
 */
export function readEvent(line: string): WatchEvent {
  let event: {
    type?: unknown
    object?: {metadata?: {resourceVersion?: unknown}; code?: unknown; message?: unknown; reason?: unknown}
  } | null
  try {
    event = JSON.parse(line) as typeof event
  } catch {
    throw new BadEvent('a line of the watch is no JSON')
  }
  const {type, object} = event ?? {}
  if (type === 'ERROR') {
    const reason = typeof object?.reason === 'string' ? object.reason : undefined
    const message = `the watch ended with an error: ${typeof object?.message === 'string' ? object.message : 'unknown'}`
    if (object?.code === 410) throw new ApiServerError(410, message, reason)
    throw new BadEvent(message)
  }
  const version = object?.metadata?.resourceVersion
  const known = typeof type === 'string' && Object.hasOwn(TYPES, type) ? TYPES[type as keyof typeof TYPES] : undefined
  if (known === undefined || typeof version !== 'string' || version === '') throw new BadEvent('a line of the watch is no event')
  return known === 'bookmark' ? {type: known, version} : {type: known, version, object}
}
