import {isPrivateAddress} from '../net/address-ranges.ts'
import {parseIpv4} from '../net/ipv4.ts'
import {incompleteObjects} from './completeness.ts'
import {protocolOf} from './named-ports.ts'
import type {ClusterObjects, Service, ServicePort} from './objects.ts'
import {policyIp} from './pod-filter.ts'

/** A port of a service that is reached at an address which is not the cluster's own of it. */
export interface OutsideAddress {
  readonly service: Service
  readonly port: ServicePort
  readonly what: 'node port' | 'load balancer' | 'external address'
}

/**
 * The service that is reached at an address and port by its load balancer, an external address or a port of the nodes.
 *
 * Source: pkg/proxy of Kubernetes: pods that send there are led to the service's pods on their own node already.
 */
export function serviceOutside(
  cluster: ClusterObjects,
  address: string,
  protocol: string,
  port: number | undefined,
): OutsideAddress | undefined {
  let mayBeNode: boolean | undefined
  for (const service of cluster.services ?? []) {
    const {spec, status} = service
    const own = (spec.ports ?? []).filter(each => protocolOf(each) === protocol)
    const at = own.find(each => each.port === port)
    if (at && spec.externalIPs?.includes(address)) return {service, port: at, what: 'external address'}
    if (at && status?.loadBalancer?.ingress?.some(({ip}) => ip === address)) return {service, port: at, what: 'load balancer'}
    const onNodes = own.find(each => each.nodePort !== undefined && each.nodePort === port)
    if (onNodes && (mayBeNode ??= isNodeAddress(cluster, address))) return {service, port: onNodes, what: 'node port'}
  }
  return undefined
}

/** Whether an address is a node's, or may be one of a node that was not given. */
function isNodeAddress(cluster: ClusterObjects, address: string): boolean {
  const {nodes, pods} = cluster
  if (nodes.some(({status}) => status?.addresses?.some(each => each.address === address))) return true
  if (pods.some(({status}) => status?.hostIP === address)) return true
  const isUnknown = incompleteObjects(cluster).some(({kind}) => kind === 'nodes') && pods.every(pod => policyIp(pod) !== address)
  return isUnknown && isPrivateAddress(parseIpv4(address) ?? 0)
}
