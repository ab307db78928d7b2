import type {V1RoleRef} from '@kubernetes/client-node'
import {z} from 'zod'
import type {Json} from '../../core/kubernetes/api-types.ts'
import {listShape, readAnswer} from '../kubernetes/answer-shapes.ts'
import type {ClusterApi} from '../kubernetes/api.ts'
import {ApiError} from '../kubernetes/api-error.ts'
import {findNamespace} from './existing-objects.ts'
import {installNamespaces, isOurs, type KubernetesObject, kinds, kubernetesObjectShape, OWN_LABEL} from './objects.ts'

/** One of the two namespaces of an installation. */
export interface InstalledNamespace {
  readonly namespace: KubernetesObject
  /** Objects of others in it, as `KIND NAME`. */
  readonly foreign: readonly string[]
}

/** Objects of an installation that are in the cluster. */
export interface InstalledObjects {
  /** Those that are there. */
  readonly namespaces: readonly InstalledNamespace[]
  /** Objects with our label, the namespaces left out. */
  readonly own: readonly KubernetesObject[]
  /** Role bindings in kube-system that name a role of ours; whoever made them has to remove them. */
  readonly bindings: readonly string[]
}

const RBAC = '/apis/rbac.authorization.k8s.io/v1'

/** Roles for people. A binding of one of them means nothing without it, and does not keep a namespace. */
const ROLES = new Set(['kubectl-npm-viewer', 'kubectl-npm-operator', 'kubectl-npm-log-reader'])

/**
 * Finds all objects of an installation, and what others have put beside them.
 *
 * @throws ApiError when something may not be listed: removing a part of it would be worse
 */
export async function findInstalledObjects(api: ClusterApi): Promise<InstalledObjects> {
  const labelled = new URLSearchParams({labelSelector: `${OWN_LABEL.key}=${OWN_LABEL.value}`}).toString()
  const [found, clusterRoles, clusterBindings, systemRoles, systemBindings] = await Promise.all([
    Promise.all(installNamespaces(api.agentNamespace).map(name => findNamespace(api, name))),
    list(api, `${RBAC}/clusterroles?${labelled}`, 'ClusterRole'),
    list(api, `${RBAC}/clusterrolebindings?${labelled}`, 'ClusterRoleBinding'),
    list(api, `${RBAC}/namespaces/kube-system/roles?${labelled}`, 'Role'),
    list(api, `${RBAC}/namespaces/kube-system/rolebindings`, 'RoleBinding'),
  ])
  const places = await Promise.all(
    found
      .filter(namespace => namespace !== undefined)
      .map(async namespace => {
        const objects = await objectsInNamespace(api, namespace.metadata.name as string)
        return {namespace: {...namespace, kind: 'Namespace'}, objects}
      }),
  )
  return {
    namespaces: places.map(({namespace, objects}) => ({
      namespace,
      foreign: objects.filter(isForeign).map(({kind, metadata}) => `${kind} ${metadata.name}`),
    })),
    own: [
      // What belongs to another object goes with it.
      ...places.flatMap(({objects}) => objects).filter(each => isOurs(each) && kinds[each.kind] !== undefined && !isOwned(each)),
      ...clusterBindings,
      ...clusterRoles,
      ...systemRoles,
    ],
    bindings: systemBindings.filter(isOfOurRole).map(({metadata}) => `${metadata.namespace}/${metadata.name}`),
  }
}

const isForeign = (object: KubernetesObject): boolean =>
  !isOurs(object) && !isExpected(object) && !(object.kind === 'RoleBinding' && isOfOurRole(object))

/** Whether a binding names a role of ours, which may be gone already. */
function isOfOurRole(binding: KubernetesObject): boolean {
  const {kind, name} = binding['roleRef'] as Json<V1RoleRef>
  return kind === 'Role' && ROLES.has(name)
}

const isOwned = ({metadata}: KubernetesObject): boolean => (metadata.ownerReferences?.length ?? 0) > 0

/** What Kubernetes makes by itself in each namespace, and what goes with the object that it belongs to. */
function isExpected(object: KubernetesObject): boolean {
  const {kind, metadata} = object
  if (kind === 'Event' || kind === 'PodMetrics' || isOwned(object)) return true
  return (
    (kind === 'ConfigMap' && metadata.name === 'kube-root-ca.crt') || (kind === 'ServiceAccount' && metadata.name === 'default')
  )
}

const objectsShape = listShape(kubernetesObjectShape)
const groupsShape = z.looseObject({
  groups: z.array(z.looseObject({preferredVersion: z.looseObject({groupVersion: z.string()})})),
})
const resourcesShape = z.looseObject({
  resources: z.array(z.looseObject({name: z.string(), kind: z.string(), namespaced: z.boolean(), verbs: z.array(z.string())})),
})

async function list(api: ClusterApi, path: string, kind: string): Promise<KubernetesObject[]> {
  const {items, apiVersion} = await api.get(path, objectsShape)
  // Items of a list do not say what they are.
  return items.map(item => ({...item, apiVersion: apiVersion ?? '', kind}))
}

/** Every object in a namespace, of whatever kind the API server knows. */
async function objectsInNamespace(api: ClusterApi, namespace: string): Promise<KubernetesObject[]> {
  const found = await Promise.all(
    (await namespacedResources(api)).map(async ({group, name, kind}) => {
      const path = `${group}/namespaces/${encodeURIComponent(namespace)}/${name}`
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
  const {groups} = await api.get('/apis', groupsShape)
  const paths = ['/api/v1', ...groups.map(({preferredVersion}) => `/apis/${preferredVersion.groupVersion}`)]
  const lists = await Promise.all(
    paths.map(async path => {
      const {status, body} = await api.request('GET', path)
      // A group whose server is away has nothing that could be listed.
      if (status >= 400) return []
      const {resources} = readAnswer(`GET ${path}`, body, resourcesShape)
      return resources
        .filter(({name, namespaced, verbs}) => namespaced && verbs.includes('list') && !name.includes('/'))
        .map(({name, kind}) => ({group: path, name, kind}))
    }),
  )
  return lists.flat()
}
