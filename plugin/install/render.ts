import {join} from 'node:path'
import type {RbacV1Subject, V1PodSpec} from '@kubernetes/client-node'
import type {Json} from '../../core/kubernetes/api-types.ts'
import {InputError} from '../../core/problem/input-error.ts'
import {kubectlCommand, runKubectl} from '../kubernetes/kubectl.ts'
import {type KubernetesObject, kinds, MANIFEST_NAMESPACE} from './objects.ts'

export interface RenderOptions {
  /** Where the agents go; the manifests say kubectl-npm. */
  readonly namespace: string
  /** Replaces the agent's image. */
  readonly image?: string | undefined
}

/**
 * Renders the manifests that came with this program.
 *
 * @param root folder of the executable; the manifests lie in it
 * @throws InputError when kubectl is missing or cannot render them
 */
export async function renderManifests(root: string, {namespace, image}: RenderOptions): Promise<KubernetesObject[]> {
  const {parseAllDocuments} = await import('yaml')
  const folder = join(root, 'manifests', 'base')
  const {stdout, stderr, hasFailed, code} = await runKubectl(['kustomize', folder])
  if (hasFailed)
    throw new InputError(
      `the manifests in ${folder} cannot be rendered: ${code === 'ENOENT' ? `${kubectlCommand()} is not there` : stderr}`,
      'Install kubectl 1.24 or later, or name one: KUBECTL=/path/to/kubectl',
    )
  const objects = parseAllDocuments(stdout).map(document => document.toJS() as KubernetesObject)
  return objects.map(object => withImage(inNamespace(object, namespace), image))
}

function inNamespace(object: KubernetesObject, namespace: string): KubernetesObject {
  const moved = (name: unknown) => (name === MANIFEST_NAMESPACE ? namespace : name)
  const {metadata, subjects} = object
  const isNamespaced = kinds[object.kind]?.isNamespaced === true
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(object.kind === 'Namespace' && {name: moved(metadata.name) as string}),
      ...(isNamespaced && {namespace: moved(metadata.namespace) as string}),
    },
    ...(Array.isArray(subjects) && {
      subjects: subjects.map((subject: Json<RbacV1Subject>) => ({...subject, namespace: moved(subject.namespace)})),
    }),
  }
}

export type PodSpec = Json<V1PodSpec>

export interface DaemonSet extends KubernetesObject {
  readonly spec: {readonly template: {readonly metadata: KubernetesObject['metadata']; readonly spec: PodSpec}}
}

function withImage(object: KubernetesObject, image: string | undefined): KubernetesObject {
  if (object.kind !== 'DaemonSet' || image === undefined) return object
  const {spec} = object as DaemonSet
  const pod = spec.template.spec
  const containers = pod.containers.map(container => ({...container, image}))
  return {...object, spec: {...spec, template: {...spec.template, spec: {...pod, containers}}}}
}

export function daemonSetOf(objects: readonly KubernetesObject[]): DaemonSet {
  const found = objects.find(({kind}) => kind === 'DaemonSet')
  if (!found) throw new Error('the manifests have no DaemonSet')
  return found as DaemonSet
}
