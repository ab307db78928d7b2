import type {ClusterObjects, Namespace, NetworkPolicy, Node, Pod} from '../../core/kubernetes/objects.ts'
import {type StripFields, stripNamespace, stripNode, stripPod, stripPolicy} from '../../core/kubernetes/strip-fields.ts'

/** One kind of object: its path at the API server, how it is listed, and which fields are kept. */
export interface WatchedKind<Kind extends keyof Kinds> {
  readonly kind: Kind
  /** For messages, as `pods`. */
  readonly plural: string
  readonly apiVersion: string
  readonly path: string
  readonly fieldSelector?: string
  /** Objects in one page of a list. */
  readonly pageSize: number
  readonly strip: StripFields<Kinds[Kind]>
}

export interface Kinds {
  readonly Pod: Pod
  readonly Namespace: Namespace
  readonly NetworkPolicy: NetworkPolicy
  readonly Node: Node
}

export const listOfKind = {
  Pod: 'pods',
  Namespace: 'namespaces',
  NetworkPolicy: 'policies',
  Node: 'nodes',
} as const satisfies Readonly<Record<keyof Kinds, keyof ClusterObjects>>

// Finished pods have no address any more, and Jobs leave many of them.
const UNFINISHED = 'status.phase!=Succeeded,status.phase!=Failed'

/** @param node only its pods, as NPM Lite reads them; without it all pods of the cluster */
export const podsOf = (node?: string): WatchedKind<'Pod'> => ({
  kind: 'Pod',
  plural: 'pods',
  apiVersion: 'v1',
  path: '/api/v1/pods',
  fieldSelector: node === undefined ? UNFINISHED : `${UNFINISHED},spec.nodeName=${node}`,
  pageSize: 500,
  strip: stripPod,
})

export const namespaces: WatchedKind<'Namespace'> = {
  kind: 'Namespace',
  plural: 'namespaces',
  apiVersion: 'v1',
  path: '/api/v1/namespaces',
  pageSize: 500,
  strip: stripNamespace,
}

export const networkPolicies: WatchedKind<'NetworkPolicy'> = {
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  apiVersion: 'networking.k8s.io/v1',
  path: '/apis/networking.k8s.io/v1/networkpolicies',
  pageSize: 500,
  strip: stripPolicy,
}

export const nodes: WatchedKind<'Node'> = {
  kind: 'Node',
  plural: 'nodes',
  apiVersion: 'v1',
  path: '/api/v1/nodes',
  // A node lists its images: 20 kB and more.
  pageSize: 100,
  strip: stripNode,
}
