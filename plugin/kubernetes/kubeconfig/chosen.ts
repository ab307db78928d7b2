import {isIPv6} from 'node:net'
import type {ClusterFlags} from '../flags.ts'
import {isInPod, SERVICE_ACCOUNT} from '../kubeconfig.ts'
import {kubeconfigError} from './kubeconfig-error.ts'
import type {ClusterEntry, UserEntry} from './kubeconfig-shapes.ts'
import type {Kubeconfig} from './read-kubeconfig.ts'

/** Which API server, and as whom. */
export interface Chosen {
  readonly cluster: Partial<ClusterEntry> & {readonly name: string; readonly server: string}
  readonly user: Partial<UserEntry> & {readonly name: string}
}

/**
 * What the flags choose of a kubeconfig. Of an empty one it is the account of the pod that this runs in.
 *
 * Source: client-go, tools/clientcmd/client_config.go
 *
 * @throws InputError when a name is not there, in the words of kubectl
 */
export function choose(config: Kubeconfig, flags: ClusterFlags, env = process.env): Chosen {
  const {contexts, clusters, users} = config
  const isEmpty = contexts.size + clusters.size + users.size === 0
  const isUntold = isEmpty && [flags.context, flags.cluster, flags.user].every(name => name === undefined)
  if (isUntold && !isInPod(env))
    throw kubeconfigError(
      'nothing says which cluster',
      'Give a kubeconfig with --kubeconfig or KUBECONFIG. In a pod its account is taken, unless automountServiceAccountToken is false.',
    )
  const chosen = isUntold ? ofPod(env) : ofKubeconfig(config, flags)
  return {...chosen, user: {...chosen.user, ...impersonation(chosen.user, flags)}}
}

function ofKubeconfig({currentContext, contexts, clusters, users}: Kubeconfig, flags: ClusterFlags): Chosen {
  const contextName = flags.context ?? currentContext
  const context = contextName === undefined ? undefined : contexts.get(contextName)
  if (flags.context !== undefined && !context)
    throw kubeconfigError(`context "${flags.context}" does not exist`, thereAre('context', contexts))
  if (contextName !== undefined && !context)
    throw kubeconfigError(`context was not found for specified context: ${contextName}`, thereAre('context', contexts))
  const clusterName = flags.cluster ?? context?.cluster
  if (clusterName === undefined) throw kubeconfigError('no context is chosen, and so no cluster', thereAre('context', contexts))
  const cluster = clusters.get(clusterName)
  if (!cluster) throw kubeconfigError(`cluster "${clusterName}" does not exist`, thereAre('cluster', clusters))
  const {server} = cluster
  if (server === undefined) throw kubeconfigError(`no server found for cluster "${clusterName}"`)
  const userName = flags.user ?? context?.user ?? ''
  const user = users.get(userName)
  if (!user && userName !== '') throw kubeconfigError(`auth info "${userName}" does not exist`, thereAre('user', users))
  return {cluster: {...cluster, name: clusterName, server}, user: {...user, name: userName}}
}

/** Source: client-go, rest/config.go, InClusterConfig */
function ofPod({KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443'}: NodeJS.ProcessEnv): Chosen {
  return {
    cluster: {
      name: 'in-cluster',
      server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
      'certificate-authority': `${SERVICE_ACCOUNT}/ca.crt`,
    },
    user: {name: 'service account', tokenFile: `${SERVICE_ACCOUNT}/token`},
  }
}

/** Flags win over the kubeconfig, each for itself. */
function impersonation(user: Chosen['user'], flags: ClusterFlags): Partial<UserEntry> {
  const as = flags.as ?? user.as
  const uid = flags['as-uid'] ?? user['as-uid']
  const groups = flags['as-group'] ?? user['as-groups'] ?? []
  const hasMore = uid !== undefined || groups.length > 0 || Object.keys(user['as-user-extra'] ?? {}).length > 0
  if (as === undefined && hasMore)
    throw kubeconfigError(
      `requesting uid, groups or user-extra for ${user.name} without impersonating a user`,
      'Say as whom with --as USER.',
    )
  return {as, 'as-uid': uid, 'as-groups': [...groups]}
}

const SHOWN_NAMES = 8

function thereAre(what: string, entries: ReadonlyMap<string, unknown>): string {
  const names = [...entries.keys()].toSorted()
  if (names.length === 0) return `It has no ${what}. Check --kubeconfig and KUBECONFIG.`
  return `There ${names.length === 1 ? 'is' : 'are'}: ${names.slice(0, SHOWN_NAMES).join(', ')}${names.length > SHOWN_NAMES ? ', …' : ''}`
}
