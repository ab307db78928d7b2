import {join} from 'node:path'
import {z} from 'zod'
import {InputError} from '../../core/problem/input-error.ts'
import {readProgramFile} from '../shell/program-file.ts'
import type {KubernetesObject} from './objects.ts'

/** As much of kustomize as our own kustomization uses; whatever else it said would be passed over, so it is refused. */
const kustomizationShape = z.strictObject({
  apiVersion: z.literal('kustomize.config.k8s.io/v1beta1'),
  kind: z.literal('Kustomization'),
  resources: z.array(z.string()),
  labels: z.array(
    z.strictObject({
      includeSelectors: z.literal(false),
      includeTemplates: z.literal(true),
      pairs: z.record(z.string(), z.string()),
    }),
  ),
  images: z.array(z.strictObject({name: z.string(), newTag: z.string()})),
})

interface Workload extends KubernetesObject {
  readonly spec: {
    readonly template: {
      readonly metadata: KubernetesObject['metadata']
      readonly spec: {readonly containers: readonly {readonly image: string}[]}
    }
  }
}

/**
 * The manifests that came with this program, as `kubectl apply -k` would apply them, and in the same order.
 *
 * @param root folder of the executable; the manifests lie in it
 * @throws InputError when they are not there, or somebody has changed them to what we cannot read
 */
export async function readBaseManifests(root: string): Promise<KubernetesObject[]> {
  const folder = join(root, 'manifests', 'base')
  const {parse, parseAllDocuments} = await import('yaml')
  try {
    const read = (name: string) => readProgramFile(root, `manifests/base/${name}`)
    const {resources, labels, images} = kustomizationShape.parse(parse(await read('kustomization.yaml')))
    const texts = await Promise.all(resources.map(read))
    const objects = texts.flatMap(text => parseAllDocuments(text).map(document => document.toJS() as KubernetesObject))
    const pairs = Object.assign({}, ...labels.map(each => each.pairs)) as Record<string, string>
    const tags = new Map(images.map(({name, newTag}) => [name, newTag]))
    return objects.map(object => withImages(withLabels(object, pairs), tags)).toSorted(inOrder)
  } catch (error) {
    throw new InputError(
      `the manifests in ${folder} cannot be read: ${(error as Error).message}`,
      'They came with this program: install it again.',
    )
  }
}

const isWorkload = (object: KubernetesObject): object is Workload => object.kind === 'DaemonSet'

function withLabels(object: KubernetesObject, pairs: Readonly<Record<string, string>>): KubernetesObject {
  const labelled = (metadata: KubernetesObject['metadata']) => ({...metadata, labels: {...metadata.labels, ...pairs}})
  const whole = {...object, metadata: labelled(object.metadata)}
  if (!isWorkload(object)) return whole
  const {spec} = object
  return {...whole, spec: {...spec, template: {...spec.template, metadata: labelled(spec.template.metadata)}}}
}

function withImages(object: KubernetesObject, tags: ReadonlyMap<string, string>): KubernetesObject {
  if (!isWorkload(object)) return object
  const {spec} = object
  const pod = spec.template.spec
  const containers = pod.containers.map(container => {
    const [name = ''] = container.image.split(':')
    const tag = tags.get(name)
    return tag === undefined ? container : {...container, image: `${name}:${tag}`}
  })
  return {...object, spec: {...spec, template: {...spec.template, spec: {...pod, containers}}}}
}

/** What others need comes before them. Source: kustomize, api/internal/builtins/SortOrderTransformer.go, legacy order */
function inOrder(a: KubernetesObject, b: KubernetesObject): number {
  const byKind = KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind)
  if (byKind !== 0) return byKind
  const [first, second] = [a, b].map(({metadata: {namespace = '', name}}) => `${namespace}|${name}`) as [string, string]
  return first < second ? -1 : 1
}

const KINDS = ['Namespace', 'ServiceAccount', 'Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding', 'DaemonSet']
