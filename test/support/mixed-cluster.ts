import type {fc} from '@fast-check/vitest'
import type {ClusterObjects, LabelSelector, PolicyPeer, PolicyPort} from '../../core/kubernetes/objects.ts'
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

const POSITIVE = {NotIn: 'In', DoesNotExist: 'Exists', In: 'In', Exists: 'Exists'} as const

const positive = ({matchLabels, matchExpressions}: LabelSelector): LabelSelector => ({
  ...(matchLabels && {matchLabels}),
  ...(matchExpressions && {
    matchExpressions: matchExpressions.map(each => ({
      ...each,
      operator: POSITIVE[each.operator],
    })),
  }),
})

const expressiblePeer = ({podSelector, namespaceSelector, ipBlock}: PolicyPeer): PolicyPeer => ({
  ...(podSelector && {podSelector: positive(podSelector)}),
  ...(namespaceSelector && {namespaceSelector: positive(namespaceSelector)}),
  ...(ipBlock && {ipBlock: {cidr: ipBlock.cidr}}),
})

const expressiblePort = ({protocol, port, endPort}: PolicyPort): PolicyPort => ({
  protocol: protocol === 'UDP' ? 'UDP' : 'TCP',
  ...(port !== undefined && {port: typeof port === 'string' ? 80 : port}),
  ...(endPort !== undefined && {endPort}),
})

/** The same with policies that say nothing which rules of HNS cannot. */
export const expressibleCluster: fc.Arbitrary<ClusterObjects> = mixedCluster.map(objects => ({
  ...objects,
  policies: objects.policies.map(({metadata, spec}) => ({
    metadata,
    spec: {
      ...spec,
      podSelector: positive(spec.podSelector ?? {}),
      ...(spec.ingress && {
        ingress: spec.ingress.map(({from, ports}) => ({
          ...(from && {from: from.map(expressiblePeer)}),
          ...(ports && {ports: ports.map(expressiblePort)}),
        })),
      }),
      ...(spec.egress && {
        egress: spec.egress.map(({to, ports}) => ({
          ...(to && {to: to.map(expressiblePeer)}),
          ...(ports && {ports: ports.map(expressiblePort)}),
        })),
      }),
    },
  })),
}))
