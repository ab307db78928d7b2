import type {Access} from '../../cluster/lab/access.ts'

export interface StoredObject {
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid: string
    readonly resourceVersion: string
    readonly labels?: Readonly<Record<string, string>>
  }
}

/** What components write about themselves, and what nobody stores. */
const PASSING = /^(?:events|leases|componentstatuses)(?:\.|$)/

/** Every object that the API server has, of every kind: by kind, place and uid. */
export async function everything(cluster: Access): Promise<string[]> {
  const kinds = await cluster.kubectl(['api-resources', '--verbs', 'list', '-o', 'name'])
  const lasting = kinds.stdout
    .trim()
    .split('\n')
    .filter(name => !PASSING.test(name))
  const objects = await find(cluster, [lasting.join(','), '--all-namespaces'])
  return objects.map(({kind, metadata: {namespace = '', name, uid}}) => `${kind} ${namespace}/${name} ${uid}`).toSorted()
}

/** The objects that carry our label. */
export async function ours(cluster: Access): Promise<StoredObject[]> {
  const kinds = 'namespaces,serviceaccounts,pods,daemonsets,roles,rolebindings,clusterroles,clusterrolebindings'
  return find(cluster, [kinds, '--all-namespaces', '-l', 'app.kubernetes.io/part-of=kubectl-npm'])
}

/** `kubectl get` with these arguments. */
export async function find(cluster: Access, what: readonly string[]): Promise<StoredObject[]> {
  const {stdout} = await cluster.kubectl(['get', ...what, '-o', 'json'])
  const found = JSON.parse(stdout) as StoredObject | {items: StoredObject[]}
  return 'items' in found ? found.items : [found]
}
