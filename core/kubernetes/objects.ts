import type {
  V1ContainerPort,
  V1LabelSelectorRequirement,
  V1NetworkPolicyPeer,
  V1NetworkPolicyPort,
  V1NetworkPolicySpec,
  V1NodeSpec,
  V1NodeStatus,
  V1ObjectMeta,
  V1PodSpec,
  V1PodStatus,
} from '@kubernetes/client-node'
import type {Fields} from './api-types.ts'
import type {GivenObjects} from './given-objects.ts'

/**
 * Kubernetes objects: the fields that network policy depends on, in the API's own shape.
 *
 * The types come from the official client, which is a dependency of the compilation only. They are narrower where more is known:
 * `readClusterObjects` drops objects without a name, and policies with an unknown operator in a selector.
 *
 * Objects are checked by hand, not with schemas. A large cluster has tens of thousands, nearly all valid, and a schema would copy
 * each of them. The checks cover only faults that would make a later answer wrong or crash.
 */

export type Labels = Readonly<Record<string, string>>

export type ObjectMeta = Fields<V1ObjectMeta, 'name', 'namespace' | 'labels' | 'deletionTimestamp' | 'deletionGracePeriodSeconds'>

export type ContainerPort = Fields<V1ContainerPort, 'containerPort', 'name' | 'protocol'>

export interface Pod {
  readonly metadata: ObjectMeta
  readonly spec?: Fields<V1PodSpec, never, 'nodeName' | 'hostNetwork'> & {
    /** Only the ports of a container are kept, and of Azure NPM its image. */
    readonly containers?: readonly {readonly image?: string; readonly ports?: readonly ContainerPort[]}[]
    /** Those that are always restarted run beside the containers: sidecars. */
    readonly initContainers?: readonly {readonly restartPolicy?: string; readonly ports?: readonly ContainerPort[]}[]
  }
  /** `hostIP` is the address of the node. `podIPs` are all addresses of the pod, the first of them is `podIP`. */
  readonly status?: Fields<V1PodStatus, never, 'phase' | 'podIP' | 'podIPs' | 'hostIP'> & {
    /** Only whether it is ready counts, and of what an agent keeps only that it is not. */
    readonly conditions?: readonly {readonly type?: string; readonly status?: string}[]
    /** Kept of Azure NPM only. */
    readonly containerStatuses?: readonly ContainerStatus[]
  }
}

/** Since when a container runs, and of which image. */
export interface ContainerStatus {
  readonly image?: string
  readonly state?: {readonly running?: {readonly startedAt?: string}}
}

export interface Namespace {
  readonly metadata: ObjectMeta
}

export interface Node {
  readonly metadata: ObjectMeta
  /** `podCIDR` is present where each node has its own address range for pods. */
  readonly spec?: Fields<V1NodeSpec, never, 'podCIDR'>
  readonly status?: Fields<V1NodeStatus, never, 'addresses'>
}

/** The client types the operator as any text. The API server accepts only these. */
export type LabelExpression = Fields<V1LabelSelectorRequirement, 'key', 'values'> & {
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
}

export interface LabelSelector {
  readonly matchLabels?: Labels
  readonly matchExpressions?: readonly LabelExpression[]
}

export type PolicyPeer = Fields<V1NetworkPolicyPeer, never, 'ipBlock'> & {
  readonly podSelector?: LabelSelector
  readonly namespaceSelector?: LabelSelector
}

export type PolicyPort = Fields<V1NetworkPolicyPort, never, 'protocol' | 'port' | 'endPort'>

export interface NetworkPolicy {
  readonly metadata: ObjectMeta & Fields<V1ObjectMeta, never, 'creationTimestamp'>
  readonly spec: Fields<V1NetworkPolicySpec, never, 'policyTypes'> & {
    readonly podSelector?: LabelSelector
    readonly ingress?: readonly {readonly from?: readonly PolicyPeer[]; readonly ports?: readonly PolicyPort[]}[]
    readonly egress?: readonly {readonly to?: readonly PolicyPeer[]; readonly ports?: readonly PolicyPort[]}[]
  }
}

/** An object that makes pods from a template. */
export interface Workload {
  readonly kind: 'Deployment' | 'ReplicaSet' | 'StatefulSet' | 'DaemonSet' | 'Job' | 'CronJob'
  readonly namespace: string
  readonly name: string
  /** Which pods are its own. Without one they are those with all labels of the template. */
  readonly selector?: LabelSelector
  readonly labels: Labels
  /** How many pods it makes at once; 2 for as many as there are nodes. */
  readonly count: number
  readonly spec: NonNullable<Pod['spec']>
}

/** One port of a service. */
export interface ServicePort {
  readonly port: number
  readonly name?: string
  readonly protocol?: string
  /** The port of the pods, by number or by name; the same number where it is absent. */
  readonly targetPort?: number | string
  /** The port of every node that leads there, too. */
  readonly nodePort?: number
}

export interface Service {
  readonly metadata: ObjectMeta
  readonly spec: {
    readonly type?: string
    /** `None` for a headless service. */
    readonly clusterIP?: string
    readonly clusterIPs?: readonly string[]
    readonly externalName?: string
    readonly selector?: Labels
    readonly ports?: readonly ServicePort[]
    /** `Local` where pods of the own node alone get what comes to a cluster address. */
    readonly internalTrafficPolicy?: string
    /** Whether pods that are not ready get packets, too. */
    readonly publishNotReadyAddresses?: boolean
    readonly externalIPs?: readonly string[]
  }
  /** The addresses of its load balancer. */
  readonly status?: {readonly loadBalancer?: {readonly ingress?: readonly {readonly ip?: string}[]}}
}

/** Endpoints of a service, as an EndpointSlice has them; Endpoints are read as one, too. */
export interface EndpointSlice {
  /** The label `kubernetes.io/service-name` says of which service they are. */
  readonly metadata: ObjectMeta
  readonly addressType?: string
  readonly endpoints: readonly {
    readonly addresses: readonly string[]
    readonly conditions?: {readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean}
    readonly targetRef?: {readonly kind?: string; readonly namespace?: string; readonly name?: string}
    readonly nodeName?: string
  }[]
  readonly ports: readonly {readonly name?: string; readonly protocol?: string; readonly port?: number}[]
}

export interface ClusterObjects {
  readonly namespaces: Namespace[]
  readonly pods: Pod[]
  readonly policies: NetworkPolicy[]
  readonly nodes: Node[]
  /** What makes pods, where the input has it. */
  readonly workloads?: readonly Workload[]
  /** Absent where the input has none. */
  readonly services?: readonly Service[]
  /** Absent where the input has none. */
  readonly endpointSlices?: readonly EndpointSlice[]
  /** What the input says about how complete the objects are; without it they are all objects of the cluster. See `incompleteObjects`. */
  readonly given?: GivenObjects
}

export const emptyCluster = (): ClusterObjects => ({namespaces: [], pods: [], policies: [], nodes: []})

/** `namespace/name`. Objects from a file may leave the namespace out, which means `default`. */
export const objectKey = (object: {readonly metadata: ObjectMeta}): string =>
  `${object.metadata.namespace ?? 'default'}/${object.metadata.name}`
