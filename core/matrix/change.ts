import {wholenessOf} from '../kubernetes/named-end.ts'
import {withoutPolicyKind} from '../kubernetes/object-reference.ts'
import {
  type ClusterObjects,
  type Labels,
  type Namespace,
  type NetworkPolicy,
  objectKey,
  type Pod,
  type Workload,
} from '../kubernetes/objects.ts'
import {InputError, unknownName} from '../problem/input-error.ts'
import type {Problem} from '../problem/problem.ts'
import {meant} from '../text/nearest.ts'
import {podsOfWorkload} from './stand-ins.ts'

/** What is done to a cluster. */
export interface Change {
  /** Objects that are applied. */
  readonly applied?: ClusterObjects
  /** Policies that are deleted, `namespace/name`. */
  readonly without: readonly string[]
}

/**
 * The cluster after `kubectl apply` of objects and `kubectl delete` of policies. Policies and pods of known names are replaced. Of a
 * namespace the labels that were applied before and are not any more go, and those of others stay.
 *
 * @returns the cluster, and a problem for each namespace of which it is not known which labels were applied
 * @throws InputError when there is no policy of a name to delete
 */
export function changedCluster(
  before: ClusterObjects,
  {applied, without}: Change,
): {cluster: ClusterObjects; problems: Problem[]} {
  const problems: Problem[] = []
  const policies = replaced(before.policies, applied?.policies ?? [])
  const deleted = new Set(without.map(name => keyOfPolicy(name, policies, before)))
  const namespaces = new Map(before.namespaces.map(each => [each.metadata.name, each]))
  for (const namespace of applied?.namespaces ?? []) {
    const {name} = namespace.metadata
    const old = namespaces.get(name)
    namespaces.set(name, old ? mergedNamespace(old, namespace, problems) : namespace)
  }
  const cluster: ClusterObjects = {
    ...before,
    namespaces: [...namespaces.values()],
    pods: relabelled(replaced(before.pods, applied?.pods ?? []), applied?.workloads ?? []),
    policies: policies.filter(policy => !deleted.has(objectKey(policy))),
    ...withWorkloads(before, applied?.workloads ?? []),
  }
  return {cluster, problems}
}

/** Objects with others in the place of those of their names; of two with one name in `others` the later one counts. */
function replaced<Item extends ClusterObjects['pods' | 'policies'][number]>(
  items: readonly Item[],
  others: readonly Item[],
): Item[] {
  const byName = new Map(items.map(item => [objectKey(item), item]))
  for (const other of others) byName.set(objectKey(other), other)
  return [...byName.values()]
}

const workloadKey = ({kind, namespace, name}: Workload): string => `${kind} ${namespace}/${name}`

/** @throws InputError when no policy is called so, or several are */
function keyOfPolicy(asked: string, policies: readonly NetworkPolicy[], before: ClusterObjects): string {
  const name = withoutPolicyKind(asked)
  const keys = policies.map(objectKey)
  const [first, ...others] = keys.filter(key => key === asked || key === name || key.endsWith(`/${name}`))
  if (first === undefined)
    throw unknownName(wholenessOf(before)?.('policies', undefined) === true, `--without ${asked}: there is no such policy`, [
      ...meant(name, name.includes('/') ? keys : policies.map(({metadata}) => metadata.name)),
      'Check the name: kubectl get networkpolicies -A',
    ])
  if (others.length > 0)
    throw new InputError(
      `--without ${asked}: policies of several namespaces are called so`,
      `Say which one: ${[first, ...others].join(', ')}`,
    )
  return first
}

/** The workloads of a cluster, with others in the place of those of their names. */
export function withWorkloads({workloads = []}: ClusterObjects, others: readonly Workload[]): {workloads?: readonly Workload[]} {
  const byName = new Map([...workloads, ...others].map(workload => [workloadKey(workload), workload]))
  return byName.size === 0 ? {} : {workloads: [...byName.values()]}
}

/** Labels that controllers add to those of a template. */
const OF_CONTROLLERS =
  /^(pod-template-hash|pod-template-generation|controller-revision-hash|controller-uid|job-name|(statefulset|apps|batch)\.kubernetes\.io\/.*)$/

/** Pods of workloads that are applied have the labels of the new template, as after the rollout. */
function relabelled(pods: readonly Pod[], applied: readonly Workload[]): Pod[] {
  const labels = new Map(applied.flatMap(workload => podsOfWorkload(workload, pods).map(pod => [pod, workload.labels] as const)))
  return pods.map(pod => {
    const template = labels.get(pod)
    if (!template) return pod
    const kept = Object.entries(pod.metadata.labels ?? {}).filter(([key]) => OF_CONTROLLERS.test(key))
    return {...pod, metadata: {...pod.metadata, labels: {...Object.fromEntries(kept), ...template}}}
  })
}

/** Where kubectl keeps what it applied last. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

function mergedNamespace(old: Namespace, applied: Namespace, problems: Problem[]): Namespace {
  const labels = applied.metadata.labels ?? {}
  const last = lastLabels(old)
  const others = Object.entries(old.metadata.labels ?? {}).filter(([key]) => !Object.hasOwn(labels, key))
  const kept = others.filter(([key]) => !last || !Object.hasOwn(last, key))
  const own = kept.filter(([key]) => key !== 'kubernetes.io/metadata.name')
  if (!last && own.length > 0)
    problems.push({
      code: 'OLD_OBJECTS',
      message: `namespace ${old.metadata.name} keeps labels that the file does not have: ${own.map(([key, value]) => `${key}=${value}`).join(', ')}`,
      next: 'kubectl apply takes away only labels that it set itself, which the objects do not tell here.',
    })
  return {...old, metadata: {...old.metadata, labels: {...Object.fromEntries(kept), ...labels}}}
}

/** The labels that kubectl applied last; undefined when that is not known. */
function lastLabels({metadata}: Namespace): Labels | undefined {
  const {annotations} = metadata as {annotations?: Readonly<Record<string, unknown>>}
  const text = annotations?.[LAST_APPLIED]
  if (typeof text !== 'string') return undefined
  try {
    const {metadata: last} = JSON.parse(text) as {metadata?: {labels?: Labels}}
    return last?.labels ?? {}
  } catch {
    return undefined
  }
}
