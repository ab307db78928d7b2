import type {fc} from '@fast-check/vitest'
import type {ClusterObjects} from '../../core/kubernetes/objects.ts'
import {cluster} from './arbitrary-cluster.ts'
import {windowsNode} from './windows/programmed-node.ts'

export const WIN = {name: 'win', address: '192.168.0.4'}
export const LINUX = {name: 'linux', address: '192.168.0.5'}

/** A random cluster with a Windows node and a Linux one: every other pod is on the first. */
export const mixedCluster: fc.Arbitrary<ClusterObjects> = cluster.map(objects => ({
  ...objects,
  pods: objects.pods.map((pod, index) => {
    const {name, address} = index % 3 === 2 ? LINUX : WIN
    const {status, spec} = pod
    return {
      ...pod,
      spec: {...spec, nodeName: name},
      status: {...status, ...(spec?.hostNetwork === true && {podIP: address})},
    }
  }),
  nodes: [
    windowsNode(WIN.name, WIN.address),
    {
      metadata: {name: LINUX.name, labels: {'kubernetes.io/os': 'linux'}},
      status: {addresses: [{type: 'InternalIP', address: LINUX.address}]},
    },
  ],
}))
