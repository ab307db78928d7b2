import {type ApiServer, ApiServerError} from '../kubernetes/api-server.ts'

/**
 * Distinguishes one history of a cluster from another. After etcd was replaced, or restored from a backup, resource versions
 * from before mean nothing, and a watch from one of them may stay silent for ever.
 */
export interface ClusterIdentity {
  /** The uid of namespace `kube-system`, which lives as long as the cluster. */
  readonly id: string
  /** The newest resource version. */
  readonly version: string
}

export type ReadClusterIdentity = (signal: AbortSignal) => Promise<ClusterIdentity>

const PATH = '/api/v1/namespaces?fieldSelector=metadata.name%3Dkube-system&limit=1'

/**
 * Reads the identity with a list, not a get: the agent has the right to list namespaces anyway, and a list returns the
 * newest version. The function that is returned throws ApiServerError.
 */
export const readClusterIdentityFrom =
  (api: ApiServer): ReadClusterIdentity =>
  async signal => {
    const answer = (await api.get(PATH, signal)) as {
      metadata?: {resourceVersion?: unknown}
      items?: {metadata?: {uid?: unknown}}[]
    } | null
    const version = answer?.metadata?.resourceVersion
    const id = answer?.items?.[0]?.metadata?.uid
    if (typeof version !== 'string') throw new ApiServerError(0, 'the answer to a list is no list', 'BAD_ANSWER')
    return {id: typeof id === 'string' ? id : '', version}
  }

/**
 * Whether one resource version is older than another. Versions are decimal numbers that can be compared (guaranteed since
 * Kubernetes 1.35, true of every server with etcd). A version that is no number is never older.
 */
export function isOlder(version: string, than: string): boolean {
  const isNumber = /^\d+$/
  return isNumber.test(version) && isNumber.test(than) && BigInt(version) < BigInt(than)
}
