import type {V1ObjectMeta} from '@kubernetes/client-node'
import type {ZodType} from 'zod'
import type {Fields} from '../../core/kubernetes/api-types.ts'
import {InputError} from '../../core/problem/input-error.ts'
import {nodeNamespaceOf} from '../kubernetes/agent-namespaces.ts'
import {objectShape} from '../kubernetes/answer-shapes.ts'

/** An object of the API server, as far as every kind has it. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: Fields<
    V1ObjectMeta,
    never,
    | 'name'
    | 'generateName'
    | 'namespace'
    | 'labels'
    | 'uid'
    | 'resourceVersion'
    | 'generation'
    | 'deletionTimestamp'
    | 'ownerReferences'
  >
  readonly [field: string]: unknown
}

export const kubernetesObjectShape = objectShape as unknown as ZodType<KubernetesObject>

/** The namespace for people that the manifests name; the one of the agents' pods follows from it. */
export const MANIFEST_NAMESPACE = 'kubectl-npm'
/** A namespace that is not there yet has no dry run; for shapes and rights any other will do. */
export const STAND_IN_NAMESPACE = 'default'
/** Only what has this label is ever removed. */
export const OWN_LABEL = {key: 'app.kubernetes.io/part-of', value: 'kubectl-npm'} as const
/** Tells pods of the DaemonSets (`daemon`) from those of `install --ephemeral`. */
export const COMPONENT_LABEL = 'app.kubernetes.io/component'
/** The DaemonSet of the agents, and the one of the relays. */
export const DAEMON_SETS = {agent: 'npm-agent', relay: 'npm-relay'} as const
/** Longest name of a namespace. Source: RFC 1123 labels, as Kubernetes takes them. */
const LONGEST_NAME = 63

/**
 * The two namespaces of an installation.
 *
 * @param namespace the one that people go to
 * @throws InputError when an installation must not be there
 */
export function installNamespaces(namespace: string): readonly [people: string, node: string] {
  const node = nodeNamespaceOf(namespace)
  if (namespace === 'default' || namespace.startsWith('kube-') || node.startsWith('kube-'))
    throw new InputError(
      `the agents need namespaces of their own, and ${namespace} is not one`,
      'Whoever may edit their namespaces can read every node. Leave out --agent-namespace, or name another one.',
    )
  if (node.length > LONGEST_NAME)
    throw new InputError(
      `--agent-namespace ${namespace} is too long: the agents go to ${node}, and a name may have ${LONGEST_NAME} characters`,
      `Give one of at most ${LONGEST_NAME - (node.length - namespace.length)} characters.`,
    )
  return [namespace, node]
}

/** Path of the kinds that we write, and whether they are in a namespace. */
export const kinds: Readonly<Record<string, {readonly path: string; readonly resource: string; readonly isNamespaced: boolean}>> =
  {
    Namespace: {path: '/api/v1', resource: 'namespaces', isNamespaced: false},
    ServiceAccount: {path: '/api/v1', resource: 'serviceaccounts', isNamespaced: true},
    Pod: {path: '/api/v1', resource: 'pods', isNamespaced: true},
    DaemonSet: {path: '/apis/apps/v1', resource: 'daemonsets', isNamespaced: true},
    Role: {path: '/apis/rbac.authorization.k8s.io/v1', resource: 'roles', isNamespaced: true},
    RoleBinding: {path: '/apis/rbac.authorization.k8s.io/v1', resource: 'rolebindings', isNamespaced: true},
    ClusterRole: {path: '/apis/rbac.authorization.k8s.io/v1', resource: 'clusterroles', isNamespaced: false},
    ClusterRoleBinding: {path: '/apis/rbac.authorization.k8s.io/v1', resource: 'clusterrolebindings', isNamespaced: false},
  }

/** @returns the path of all objects of this one's kind, in its namespace if it has one */
export function collectionPath({kind, metadata: {namespace}}: Pick<KubernetesObject, 'kind' | 'metadata'>): string {
  const known = kinds[kind]
  if (!known) throw new Error(`the manifests have a ${kind}, for which there is no path`)
  const {path, resource, isNamespaced} = known
  return isNamespaced ? `${path}/namespaces/${encodeURIComponent(namespace ?? '')}/${resource}` : `${path}/${resource}`
}

export const objectPath = (object: Pick<KubernetesObject, 'kind' | 'metadata'>): string =>
  `${collectionPath(object)}/${encodeURIComponent(object.metadata.name ?? '')}`

/** `DaemonSet kubectl-npm/npm-agent`, for sentences. */
export function objectName({
  kind,
  metadata: {namespace, name, generateName},
}: Pick<KubernetesObject, 'kind' | 'metadata'>): string {
  const own = name ?? `${generateName}…`
  return `${kind} ${namespace === undefined ? own : `${namespace}/${own}`}`
}

export const isOurs = ({metadata: {labels}}: Pick<KubernetesObject, 'metadata'>): boolean =>
  labels?.[OWN_LABEL.key] === OWN_LABEL.value
