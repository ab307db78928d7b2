import {type ApiServer, ApiServerError} from '../kubernetes/api-server.ts'

/**
 * What tells one history of a cluster from another. After its etcd was replaced, or put back from a backup, versions that
 * we know mean nothing, and a watch from one of them may be silent for ever.
 */
export interface ClusterIdentity {
  /** The uid of namespace `kube-system`, which lives as long as the cluster. */
  readonly id: string
  /** The newest version there is. */
  readonly version: string
}

export type ReadClusterIdentity = (signal: AbortSignal) => Promise<ClusterIdentity>

const PATH = '/api/v1/namespaces?fieldSelector=metadata.name%3Dkube-system&limit=1'

/** A list, not a get: the right to list namespaces is there anyway, and a list tells the newest version. */
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
 * Whether one version is older than another. Versions are decimal numbers that can be compared (assured since
 * Kubernetes 1.35, true of every server with etcd); others are never older.
 */
export function isOlder(version: string, than: string): boolean {
  const isNumber = /^\d+$/
  return isNumber.test(version) && isNumber.test(than) && BigInt(version) < BigInt(than)
}
