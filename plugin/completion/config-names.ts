import type {ClusterFlags} from '../kubernetes/flags.ts'
import type {ConfigKind, Suggestion} from './names.ts'

/**
 * Names in the kubeconfig. Nobody logs in to read it.
 *
 * @throws InputError when it cannot be read
 */
export async function findInConfig(kind: ConfigKind, flags: ClusterFlags): Promise<Suggestion[]> {
  const {readKubeconfig} = await import('../kubernetes/kubeconfig/read-kubeconfig.ts')
  const {contexts, clusters, users} = await readKubeconfig(flags)
  if (kind === 'context') return [...contexts].map(([name, {cluster = ''}]) => ({text: name, about: cluster}))
  if (kind === 'cluster') return [...clusters].map(([name, {server = ''}]) => ({text: name, about: server}))
  return [...users.keys()].map(name => ({text: name}))
}
