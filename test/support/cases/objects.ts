import type {ClusterObjects, Namespace, NetworkPolicy, Pod} from '../../../core/kubernetes/objects.ts'
import {hasPolicyAddress} from '../../../core/kubernetes/pod-filter.ts'
import type {Endpoint} from './probe.ts'
import type {Change, ClusterShape, PolicyShape} from './shape.ts'

export function changed(cluster: ClusterShape, change: Change = {}): ClusterShape {
  return {
    ...cluster,
    namespaces: merged(cluster.namespaces, change.namespaces),
    pods: merged(cluster.pods, change.pods),
  }
}

function merged<Value extends object>(
  known: Readonly<Record<string, Value>>,
  change: Readonly<Record<string, Value | null>> = {},
): Record<string, Value> {
  const all = {...known}
  for (const [key, value] of Object.entries(change)) {
    if (value === null) delete all[key]
    else all[key] = {...all[key], ...value}
  }
  return all
}

/** The objects as an API server would hand them out, but for the policies: those stay as they are written. */
export function objectsOf({namespaces, pods}: ClusterShape, policies: readonly PolicyShape[]): ClusterObjects {
  return {
    namespaces: Object.entries(namespaces).map(([name, {labels, isTerminating}]): Namespace => {
      const metadata = {name, ...(labels && {labels}), ...(isTerminating && {deletionTimestamp: '2026-10-01T08:00:00Z'})}
      return {metadata}
    }),
    pods: Object.entries(pods).map(([key, pod]) => podOf(key, pod)),
    policies: policies.map(({in: namespace, name, ...spec}) => ({metadata: {namespace, name}, spec}) as NetworkPolicy),
    nodes: [],
  }
}

function podOf(key: string, {ip, labels, ports, hostNetwork, phase = 'Running'}: ClusterShape['pods'][string]): Pod {
  const [namespace = '', name = ''] = key.split('/')
  return {
    metadata: {namespace, name, ...(labels && {labels})},
    spec: {
      ...(hostNetwork && {hostNetwork}),
      containers: [{ports: (ports ?? []) as NonNullable<NonNullable<Pod['spec']>['containers']>[number]['ports'] & object}],
    },
    status: {phase, ...(ip !== undefined && {podIP: ip})},
  }
}

/** Who sends and receives. Pods that policies do not see live outside: on another node's network, or nowhere any more. */
export function endpointsOf({pods, outside}: ClusterShape): Endpoint[] {
  const inside = Object.entries(pods).flatMap(([name, pod]): Endpoint[] =>
    pod.ip === undefined ? [] : [{name, address: pod.ip, isOutside: !hasPolicyAddress(podOf(name, pod))}],
  )
  return [...inside, ...Object.entries(outside).map(([name, address]) => ({name, address, isOutside: true}))]
}
