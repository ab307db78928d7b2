import {parseIpv4} from '../../net/ipv4.ts'
import type {NodeSets} from '../../sets/node-set.ts'
import type {Host, Passing} from './passing.ts'

/**
 * The sets in which kube-proxy keeps the addresses and ports of services when IPVS spreads them. The node has these addresses
 * on an interface of its own, so packets to them go through INPUT, where IPVS takes them. Source: pkg/proxy/ipvs of Kubernetes.
 */
const SERVICES = /^KUBE-(?:CLUSTER-IP|EXTERNAL-IP(?:-LOCAL)?|LOAD-BALANCER(?:-LOCAL)?)$/
/** The same for ports of the node's own addresses: `30080`, and for sctp `10.0.0.1,sctp:30080`. */
const NODE_PORTS = /^KUBE-NODE-PORT-(?:LOCAL-)?(TCP|UDP|SCTP)/

/** What IPVS does on a node, as far as kube-proxy's sets tell. Undefined where they are not there, or empty. */
export function balancerOf(sets: NodeSets['sets']): Pick<Host, 'balances'> & {
  /** Whether an address is one of a service. */
  readonly owns: (address: number) => boolean
} {
  const services = new Map<number, Set<string>>()
  const ports = new Set<string>()
  for (const [name, {members}] of sets ?? []) {
    const protocol = NODE_PORTS.exec(name)?.[1]?.toLowerCase()
    if (protocol === undefined && !SERVICES.test(name)) continue
    for (const {entry} of members) {
      const [, address = '', service = entry] = /^([\d.]+),(\S+)$/.exec(entry) ?? []
      const at = parseIpv4(address)
      if (protocol !== undefined) ports.add(service.includes(':') ? service : `${protocol}:${service}`)
      else if (at !== undefined) services.set(at, (services.get(at) ?? new Set()).add(service))
    }
  }
  return {
    owns: address => services.has(address),
    balances: ({protocol, port, destination, host}: Passing) => {
      const service = `${protocol}:${port}`
      return services.get(destination)?.has(service) === true || (ports.has(service) && host.isOwn(destination) === true)
    },
  }
}
