import type {IncomingMessage} from 'node:http'

/**
 * Whether an answer is kubectl proxy's own: it could not reach the API server, or not log in. The API server gives each
 * of its answers an id; what the proxy says is plain text without one.
 */
export const isOfProxy = ({headers, statusCode}: IncomingMessage): boolean =>
  (statusCode ?? 0) >= 400 && headers['audit-id'] === undefined && (headers['content-type'] ?? '').startsWith('text/plain')
