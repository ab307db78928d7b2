import type {RbacV1Subject} from '@kubernetes/client-node'
import type {Fields} from '../../core/kubernetes/api-types.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {ClusterApi} from '../kubernetes/api.ts'
import {apiErrorOf} from '../kubernetes/api-error.ts'
import {isOurs, type KubernetesObject, OWN_LABEL} from './objects.ts'

/** Objects of the cluster that decide whether and how agents are installed. */
export interface ExistingObjects {
  /** The agents' namespace; undefined when it is not there. */
  readonly namespace: KubernetesObject | undefined
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
  return JSON.parse(body) as KubernetesObject
}

/**
 * Checks that the agents may be installed in their namespace, and reads it.
 *
 * @throws InputError when the namespace belongs to something else, is on its way out, or the agents are in another one
 */
export async function readExistingObjects(api: ClusterApi): Promise<ExistingObjects> {
  const {agentNamespace: name} = api
  if (name === 'default' || name.startsWith('kube-'))
    throw new InputError(
      `the agents need a namespace of their own, and ${name} is not one`,
      'Whoever may edit their namespace can read every node. Leave out --agent-namespace, or name a new one.',
    )
  const [namespace, binding] = await Promise.all([
    findObject(api, `/api/v1/namespaces/${encodeURIComponent(name)}`),
    findObject(api, '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/kubectl-npm-agent'),
  ])
  if (namespace?.metadata.deletionTimestamp !== undefined)
    throw new InputError(
      `namespace ${name} is being removed`,
      `Wait until it is gone: kubectl wait --for=delete namespace/${name}`,
    )
  const [subject] = (binding?.['subjects'] ?? []) as readonly Fields<RbacV1Subject, never, 'namespace'>[]
  if (subject?.namespace !== undefined && subject.namespace !== name)
    throw new InputError(
      `the agents are installed in namespace ${subject.namespace}, and a node has room for one`,
      `Use them with --agent-namespace ${subject.namespace}, or remove them first: kubectl npm uninstall --agent-namespace ${subject.namespace}`,
    )
  return {namespace}
}

/** The objects to apply. A namespace that others have made keeps their labels, so that `uninstall` does not remove it. */
export function keepForeignNamespace(objects: readonly KubernetesObject[], {namespace}: ExistingObjects): KubernetesObject[] {
  if (!namespace || isOurs(namespace)) return [...objects]
  return objects.map(object => (object.kind === 'Namespace' ? withoutOwnLabels(object) : object))
}

function withoutOwnLabels(object: KubernetesObject): KubernetesObject {
  const labels = Object.entries(object.metadata.labels ?? {}).filter(
    ([key]) => key !== OWN_LABEL.key && key !== 'app.kubernetes.io/managed-by',
  )
  return {...object, metadata: {...object.metadata, labels: Object.fromEntries(labels)}}
}
