import type {RbacV1Subject} from '@kubernetes/client-node'
import type {Fields} from '../../core/kubernetes/api-types.ts'
import {InputError} from '../../core/problem/input-error.ts'
import {peopleNamespaceOf} from '../kubernetes/agent-namespaces.ts'
import {readAnswer} from '../kubernetes/answer-shapes.ts'
import type {ClusterApi} from '../kubernetes/api.ts'
import {apiErrorOf} from '../kubernetes/api-error.ts'
import {installNamespaces, isOurs, type KubernetesObject, kubernetesObjectShape, OWN_LABEL, objectPath} from './objects.ts'

/** Objects of the cluster that decide whether and how agents are installed. */
export interface ExistingObjects {
  /** Those of the two namespaces that are there, by name. */
  readonly namespaces: ReadonlyMap<string, KubernetesObject>
}

/**
 * Reads one object.
 *
 * @param path as `objectPath` gives it
 * @returns undefined when it is not there
 * @throws ApiError for any other refusal
 */
export async function findObject(api: ClusterApi, path: string): Promise<KubernetesObject | undefined> {
  const {status, body} = await api.request('GET', path)
  if (status === 404) return undefined
  if (status >= 400) throw apiErrorOf(status, body, {method: 'GET', path, agentNamespace: api.agentNamespace})
  return readAnswer(`GET ${path}`, body, kubernetesObjectShape)
}

/**
 * Checks that the agents may be installed in their namespaces, and reads these.
 *
 * @throws InputError when a namespace belongs to something else, is on its way out, or the agents are in another one
 */
export async function readExistingObjects(api: ClusterApi): Promise<ExistingObjects> {
  const names = installNamespaces(api.agentNamespace)
  const [found] = await Promise.all([Promise.all(names.map(name => findNamespace(api, name))), requireSameInstallation(api)])
  const namespaces = new Map(found.flatMap((each, index) => (each ? [[names[index] as string, each] as const] : [])))
  for (const [name, {metadata}] of namespaces)
    if (metadata.deletionTimestamp !== undefined)
      throw new InputError(
        `namespace ${name} is being removed`,
        `Wait until it is gone: kubectl wait --for=delete namespace/${name}`,
      )
  return {namespaces}
}

/** A namespace; undefined when it is not there. */
export const findNamespace = (api: ClusterApi, name: string): Promise<KubernetesObject | undefined> =>
  findObject(api, `/api/v1/namespaces/${encodeURIComponent(name)}`)

/**
 * Checks that the agents of the cluster, if there are any, belong to `--agent-namespace`: the binding of their rights says where they are.
 *
 * @throws InputError that names the right one
 */
export async function requireSameInstallation(api: ClusterApi): Promise<void> {
  const {agentNamespace} = api
  const binding = await findObject(api, '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/kubectl-npm-agent')
  if (!binding || !isOurs(binding)) return
  const [subject] = (binding['subjects'] ?? []) as readonly Fields<RbacV1Subject, never, 'namespace'>[]
  const place = subject?.namespace
  if (place === undefined) return
  const right = (await isOlderPlace(api, place)) ? place : peopleNamespaceOf(place)
  if (right === agentNamespace) return
  throw new InputError(
    `the agents are installed in namespace ${right}, not in ${agentNamespace}, and a node has room for one`,
    `Use them with --agent-namespace ${right}, or remove them: kubectl npm uninstall --agent-namespace ${right}`,
  )
}

/** Whether agents' pods are beside the accounts that people use, as they were before there were relays. */
async function isOlderPlace(api: ClusterApi, place: string): Promise<boolean> {
  if (peopleNamespaceOf(place) === place) return true
  return (
    (await findObject(api, objectPath({kind: 'ServiceAccount', metadata: {namespace: place, name: 'npm-viewer'}}))) !== undefined
  )
}

/** The objects to apply. A namespace that others have made keeps their labels, so that `uninstall` does not remove it. */
export function keepForeignNamespaces(objects: readonly KubernetesObject[], {namespaces}: ExistingObjects): KubernetesObject[] {
  return objects.map(object => {
    const live = object.kind === 'Namespace' ? namespaces.get(object.metadata.name as string) : undefined
    return live && !isOurs(live) ? withoutOwnLabels(object) : object
  })
}

function withoutOwnLabels(object: KubernetesObject): KubernetesObject {
  const labels = Object.entries(object.metadata.labels ?? {}).filter(
    ([key]) => key !== OWN_LABEL.key && key !== 'app.kubernetes.io/managed-by',
  )
  return {...object, metadata: {...object.metadata, labels: Object.fromEntries(labels)}}
}
