import {isSelector} from './object-faults.ts'
import type {ContainerPort, Labels, Workload} from './objects.ts'
import {isFields, type Unread} from './unread.ts'

/** The kinds of workloads, with the groups that serve them. */
const groups = {
  Deployment: ['apps', 'extensions'],
  ReplicaSet: ['apps', 'extensions'],
  StatefulSet: ['apps'],
  DaemonSet: ['apps', 'extensions'],
  Job: ['batch'],
  CronJob: ['batch'],
} as const satisfies Record<Workload['kind'], readonly string[]>

const fieldsOf = (value: unknown): Unread => (isFields(value) ? value : {})
const numberOf = (value: unknown, absent: number): number => (typeof value === 'number' ? value : absent)

/**
 * Reads a workload.
 *
 * @returns undefined for an object of another kind, without a name or template, or one that another workload has made
 */
export function readWorkload(object: Unread, kind: string, apiVersion: string | undefined): Workload | undefined {
  if (!Object.hasOwn(groups, kind)) return undefined
  const known = kind as Workload['kind']
  const group = apiVersion?.split('/')[0]
  if (group !== undefined && !(groups[known] as readonly string[]).includes(group)) return undefined
  const {name, namespace, ownerReferences} = fieldsOf(object['metadata'])
  if (typeof name !== 'string' || (Array.isArray(ownerReferences) && ownerReferences.length > 0)) return undefined
  const spec = fieldsOf(known === 'CronJob' ? fieldsOf(fieldsOf(object['spec'])['jobTemplate'])['spec'] : object['spec'])
  if (!isFields(spec['template'])) return undefined
  const {metadata, spec: podSpec} = spec['template']
  const {selector} = spec
  return {
    kind: known,
    namespace: typeof namespace === 'string' ? namespace : 'default',
    name,
    ...(isFields(selector) && isSelector(selector) && {selector}),
    labels: labelsOf(fieldsOf(metadata)['labels']),
    count: countOf(known, spec),
    spec: podSpecOf(fieldsOf(podSpec)),
  }
}

function countOf(kind: Workload['kind'], {replicas, parallelism}: Unread): number {
  if (kind === 'DaemonSet') return 2
  return kind === 'Job' || kind === 'CronJob' ? numberOf(parallelism, 1) : numberOf(replicas, 1)
}

const labelsOf = (labels: unknown): Labels =>
  Object.fromEntries(Object.entries(fieldsOf(labels)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))

function podSpecOf({hostNetwork, containers}: Unread): Workload['spec'] {
  const ports = (Array.isArray(containers) ? containers : []).map(container => ({ports: portsOf(fieldsOf(container)['ports'])}))
  return {...(hostNetwork === true && {hostNetwork}), containers: ports}
}

const portsOf = (ports: unknown): ContainerPort[] =>
  (Array.isArray(ports) ? ports : []).map(fieldsOf).flatMap(({name, containerPort, protocol}) =>
    typeof containerPort === 'number'
      ? [
          {
            containerPort,
            ...(typeof name === 'string' && {name}),
            ...(typeof protocol === 'string' && {protocol}),
          },
        ]
      : [],
  )
