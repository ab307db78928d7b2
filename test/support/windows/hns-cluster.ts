import type {ClusterObjects, NetworkPolicy} from '../../../core/kubernetes/objects.ts'
import {readClusterObjects} from '../../../core/kubernetes/read-objects.ts'
import {hnsFixture} from './hns-fixture.ts'

/** The cluster of the HNS fixtures with some policies. */
export const hnsCluster = (policies: readonly NetworkPolicy[] = []): ClusterObjects => ({
  ...readClusterObjects(hnsFixture('cluster.json'), 'cluster.json').objects,
  policies: [...policies],
})

export const WINDOWS_NODE = 'akswin000000'
