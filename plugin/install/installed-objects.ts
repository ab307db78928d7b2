import type {V1APIGroup, V1APIResourceList, V1RoleRef} from '@kubernetes/client-node'
import type {Fields, Json} from '../../core/kubernetes/api-types.ts'
import type {ClusterApi} from '../kubernetes/api.ts'
import {ApiError} from '../kubernetes/api-error.ts'
import {findObject} from './existing-objects.ts'
import {isOurs, type KubernetesObject, kinds, OWN_LABEL} from './objects.ts'

/** Objects of an installation that are in the cluster. */
export interface InstalledObjects {
  readonly namespace: KubernetesObject | undefined
  /** Objects with our label, the namespace left out. */
  readonly own: readonly KubernetesObject[]
  /** Objects of others in the agents' namespace, as `KIND NAME`. */
  readonly foreign: readonly string[]
  /** Role bindings in kube-system that name a role of ours; whoever made them has to remove them. */
  readonly bindings: readonly string[]
}

const RBAC = '/apis/rbac.authorization.k8s.io/v1'

/**
 * Finds all objects of an installation, and what others have put beside them.
 *
 * @throws ApiError when something may not be listed: removing a part of it would be worse
 */
export async function findInstalledObjects(api: ClusterApi): Promise<InstalledObjects> {
  const labelled = new URLSearchParams({labelSelector: `${OWN_LABEL.key}=${OWN_LABEL.value}`}).toString()
  const [namespace, clusterRoles, clusterBindings, systemRoles, systemBindings] = await Promise.all([
    findObject(api, `/api/v1/namespaces/${encodeURIComponent(api.agentNamespace)}`),
    list(api, `${RBAC}/clusterroles?${labelled}`, 'ClusterRole'),
    list(api, `${RBAC}/clusterrolebindings?${labelled}`, 'ClusterRoleBinding'),
    list(api, `${RBAC}/namespaces/kube-system/roles?${labelled}`, 'Role'),
    list(api, `${RBAC}/namespaces/kube-system/rolebindings`, 'RoleBinding'),
  ])
  const inside = namespace ? await objectsInNamespace(api) : []
  const own = [
    // What belongs to another object goes with it.
    ...inside.filter(object => isOurs(object) && kinds[object.kind] !== undefined && !isOwned(object)),
    ...clusterBindings,
    ...clusterRoles,
    ...systemRoles,
  ]
  const isToOurs = (binding: KubernetesObject) => {
    const {kind, name} = binding['roleRef'] as Json<V1RoleRef>
    return own.some(role => role.kind === kind && role.metadata.name === name && isInSameNamespace(role, binding))
  }
  return {
    namespace,
    own,
    foreign: inside
      .filter(object => !isOurs(object) && !isExpected(object) && !(object.kind === 'RoleBinding' && isToOurs(object)))
      .map(({kind, metadata}) => `${kind} ${metadata.name}`),
    bindings: systemBindings.filter(isToOurs).map(({metadata}) => `${metadata.namespace}/${metadata.name}`),
  }
}

const isInSameNamespace = (role: KubernetesObject, binding: KubernetesObject): boolean =>
  role.metadata.namespace === undefined || role.metadata.namespace === binding.metadata.namespace

const isOwned = ({metadata}: KubernetesObject): boolean => (metadata.ownerReferences?.length ?? 0) > 0

/** What Kubernetes makes by itself in each namespace, and what goes with the object that it belongs to. */
function isExpected(object: KubernetesObject): boolean {
  const {kind, metadata} = object
  if (kind === 'Event' || kind === 'PodMetrics' || isOwned(object)) return true
  return (
    (kind === 'ConfigMap' && metadata.name === 'kube-root-ca.crt') || (kind === 'ServiceAccount' && metadata.name === 'default')
  )
}

async function list(api: ClusterApi, path: string, kind: string): Promise<KubernetesObject[]> {
  const {items, apiVersion} = await api.get<{items: KubernetesObject[]; apiVersion: string}>(path)
  // Items of a list do not say what they are.
  return items.map(item => ({...item, apiVersion, kind}))
}

/** Every object in the agents' namespace, of whatever kind the API server knows. */
async function objectsInNamespace(api: ClusterApi): Promise<KubernetesObject[]> {
  const found = await Promise.all(
    (await namespacedResources(api)).map(async ({group, name, kind}) => {
      const path = `${group}/namespaces/${encodeURIComponent(api.agentNamespace)}/${name}`
      try {
        return await list(api, path, kind)
      } catch (error) {
        // Some kinds can be listed by nobody, and some services that answer for others are away.
        if (error instanceof ApiError && [404, 405, 503].includes(error.status)) return []
        throw error
      }
    }),
  )
  return found.flat()
}

async function namespacedResources(api: ClusterApi): Promise<{group: string; name: string; kind: string}[]> {
  const {groups} = await api.get<{groups: readonly Fields<V1APIGroup, 'preferredVersion'>[]}>('/apis')
  const paths = ['/api/v1', ...groups.map(({preferredVersion}) => `/apis/${preferredVersion.groupVersion}`)]
  const lists = await Promise.all(
    paths.map(async path => {
      const {status, body} = await api.request('GET', path)
      // A group whose server is away has nothing that could be listed.
      if (status >= 400) return []
      const {resources} = JSON.parse(body) as Json<V1APIResourceList>
      return resources
        .filter(({name, namespaced, verbs}) => namespaced && verbs.includes('list') && !name.includes('/'))
        .map(({name, kind}) => ({group: path, name, kind}))
    }),
  )
  return lists.flat()
}
