import type {V1Container, V1ContainerStatus, V1ObjectMeta, V1PodSpec, V1PodStatus} from '@kubernetes/client-node'
import type {Fields} from '../../core/kubernetes/api-types.ts'

/** A pod as the API server gives it: where it is, its containers, and whether they run. */
export interface Pod {
  readonly metadata: Fields<V1ObjectMeta, 'name' | 'namespace' | 'uid', 'deletionTimestamp' | 'labels' | 'ownerReferences'>
  readonly spec: Fields<V1PodSpec, never, 'nodeName'> & {readonly containers?: readonly Fields<V1Container, 'name'>[]}
  readonly status?: Fields<V1PodStatus, never, 'phase' | 'reason' | 'message' | 'conditions' | 'containerStatuses'>
}

export type ContainerStatus = Fields<V1ContainerStatus, 'restartCount' | 'image', 'state' | 'lastState'>
