import type {RbacV1Subject, V1PodSpec} from '@kubernetes/client-node'
import {accounts, METRICS_PORT} from '../../core/contract/agent.ts'
import type {Json} from '../../core/kubernetes/api-types.ts'
import {nodeNamespaceOf} from '../kubernetes/agent-namespaces.ts'
import {readBaseManifests} from './base-manifests.ts'
import {DAEMON_SETS, type KubernetesObject, kinds, MANIFEST_NAMESPACE} from './objects.ts'

export interface RenderOptions {
  /** The namespace that people go to; the manifests say kubectl-npm. The agents' one follows from it. */
  readonly namespace: string
  /** Replaces the image of agents and relays. */
  readonly image?: string | undefined
  /** Agents that load nothing that writes, and no account that could ask them to. */
  readonly readOnly?: boolean
  /** Agents that serve metrics on a port of their node: to who may get them, or over plain HTTP to everybody. */
  readonly metrics?: MetricsChoice | undefined
}

export interface MetricsChoice {
  readonly auth: 'token' | 'none'
  /** Azure NPM is NPM Lite here. */
  readonly lite: boolean
}

/** The role of scrapers. */
const SCRAPER_ROLE = 'kubectl-npm-metrics'

/** The operator's account and role, and the role of people who may ask for its tokens. */
const WRITING = new Set([accounts.operator, 'kubectl-npm-operator'])

/** Whether an object of the manifests is only there for verbs that write. */
export const isForWriting = ({metadata: {name = ''}}: KubernetesObject): boolean => WRITING.has(name)

/** Whether an object of the manifests is only there for scrapers that sign in. */
export const isForScrapers = ({metadata: {name}}: KubernetesObject): boolean => name === SCRAPER_ROLE

/**
 * Renders the manifests that came with this program.
 *
 * @param root folder of the executable; the manifests lie in it
 * @throws InputError when they cannot be read
 */
export async function renderManifests(
  root: string,
  {namespace, image, readOnly = false, metrics}: RenderOptions,
): Promise<KubernetesObject[]> {
  const objects = await readBaseManifests(root)
  return objects
    .filter(object => (!readOnly || !isForWriting(object)) && (metrics?.auth === 'token' || !isForScrapers(object)))
    .map(object => (metrics ? withMetrics(object, metrics) : object))
    .map(object => withImage(inNamespace(readOnly ? toReadOnly(object) : object, namespace), image))
}

/** With the two namespaces of the manifests replaced wherever an object names them. */
function inNamespace(object: KubernetesObject, namespace: string): KubernetesObject {
  const places: Readonly<Record<string, string>> = {
    [MANIFEST_NAMESPACE]: namespace,
    [nodeNamespaceOf(MANIFEST_NAMESPACE)]: nodeNamespaceOf(namespace),
  }
  const moved = (name: unknown) => places[name as string] ?? (name as string)
  const {metadata, subjects} = object
  const isNamespaced = kinds[object.kind]?.isNamespaced === true
  return {
    ...(object.kind === 'DaemonSet' ? withAccountNamespace(object as DaemonSet, moved) : object),
    metadata: {
      ...metadata,
      ...(object.kind === 'Namespace' && {name: moved(metadata.name)}),
      ...(isNamespaced && {namespace: moved(metadata.namespace)}),
    },
    ...(Array.isArray(subjects) && {
      subjects: subjects.map((subject: Json<RbacV1Subject>) => ({...subject, namespace: moved(subject.namespace)})),
    }),
  }
}

/** The agent is told where the accounts are: it runs elsewhere. */
const withAccountNamespace = (object: DaemonSet, moved: (name: unknown) => string): DaemonSet =>
  withContainers(object, container => ({
    ...container,
    ...(container.env && {
      env: container.env.map(each => (each.name === 'ACCOUNT_NAMESPACE' ? {...each, value: moved(each.value)} : each)),
    }),
  }))

const toReadOnly = (object: KubernetesObject): KubernetesObject =>
  withAgentArgs(object, container => ({...container, args: [...(container.args ?? []), '--read-only']}))

/** The agent listens on the address by which Kubernetes knows its node, and on no other. */
const withMetrics = (object: KubernetesObject, {auth, lite}: MetricsChoice): KubernetesObject =>
  withAgentArgs(object, container => ({
    ...container,
    args: [
      ...(container.args ?? []),
      `--metrics-listen=$(HOST_IP):${METRICS_PORT}`,
      ...(auth === 'none' ? ['--metrics-auth=none'] : []),
      ...(lite ? ['--lite'] : []),
    ],
    env: [...(container.env ?? []), {name: 'HOST_IP', valueFrom: {fieldRef: {fieldPath: 'status.hostIP'}}}],
    ports: [{name: 'metrics', containerPort: METRICS_PORT, hostPort: METRICS_PORT, protocol: 'TCP'}],
  }))

function withAgentArgs(object: KubernetesObject, change: (container: Container) => Container): KubernetesObject {
  if (object.kind !== 'DaemonSet' || object.metadata.name !== DAEMON_SETS.agent) return object
  return withContainers(object as DaemonSet, change)
}

export type PodSpec = Json<V1PodSpec>
type Container = PodSpec['containers'][number]

export interface DaemonSet extends KubernetesObject {
  readonly spec: {readonly template: {readonly metadata: KubernetesObject['metadata']; readonly spec: PodSpec}}
}

function withImage(object: KubernetesObject, image: string | undefined): KubernetesObject {
  if (object.kind !== 'DaemonSet' || image === undefined) return object
  return withContainers(object as DaemonSet, container => ({...container, image}))
}

function withContainers(object: DaemonSet, change: (container: Container) => Container): DaemonSet {
  const {spec} = object
  const pod = spec.template.spec
  return {...object, spec: {...spec, template: {...spec.template, spec: {...pod, containers: pod.containers.map(change)}}}}
}

/** The DaemonSets of the manifests. */
export function daemonSetsOf(objects: readonly KubernetesObject[]): {readonly agent: DaemonSet; readonly relay: DaemonSet} {
  const find = (wanted: string): DaemonSet => {
    const found = objects.find(({kind, metadata}) => kind === 'DaemonSet' && metadata.name === wanted)
    if (!found) throw new Error(`the manifests have no DaemonSet ${wanted}`)
    return found as DaemonSet
  }
  return {agent: find(DAEMON_SETS.agent), relay: find(DAEMON_SETS.relay)}
}
