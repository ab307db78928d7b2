import type {Namespace} from '../namespace.ts'
import {SENTINEL_PROTOCOL} from './bytes.ts'

/*
 * The node is a router: one wire to every pod, as Azure CNI has it, and one to everything outside, which its default route
 * takes. Pods and outside have no address of their own: the kernel there throws away what arrives and never answers, so
 * that every packet stays the first of its connection.
 */

/** Where wires go to; never seen on a wire, since neighbours are told to both sides. */
const GATEWAY = '169.254.1.1'

export interface Wire {
  readonly namespace: Namespace
  /** Absent for the one that leads to everything else. */
  readonly address?: string
}

const mac = (side: 'node' | 'end', index: number): string =>
  `02:00:00:00:${side === 'node' ? '01' : '02'}:${index.toString(16).padStart(2, '0')}`

/** Connects the node's namespace with all others and makes it forward. */
export async function connect(node: Namespace, nodeAddress: string, wires: readonly Wire[]): Promise<void> {
  const lines = ['link set lo up', `addr add ${nodeAddress}/32 dev lo`]
  for (const [index, {namespace, address}] of wires.entries()) {
    const device = `wire${index}`
    lines.push(
      `link add ${device} address ${mac('node', index)} type veth peer name eth0 address ${mac('end', index)} netns ${namespace.name}`,
      `link set ${device} up`,
      `neigh add ${address ?? GATEWAY} lladdr ${mac('end', index)} dev ${device} nud permanent`,
      address === undefined ? `route add default via ${GATEWAY} dev ${device} onlink` : `route add ${address}/32 dev ${device}`,
    )
  }
  await node.run('ip', ['-batch', '-'], {stdin: lines.join('\n')})
  await Promise.all([
    node.run('sh', ['-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']),
    node.run('nft', ['-f', '-'], {stdin: around}),
    ...wires.map(({namespace}, index) => connectEnd(namespace, index)),
  ])
}

const connectEnd = (namespace: Namespace, index: number): Promise<unknown> =>
  namespace.run('ip', ['-batch', '-'], {
    stdin: `link set lo up
link set eth0 up
neigh add ${GATEWAY} lladdr ${mac('node', index)} dev eth0 nud permanent
route add default via ${GATEWAY} dev eth0 onlink`,
  })

/** What gives packets their firewall mark: `ip id` → mark. */
export const MARKS = 'ip probe marks'

// A table of our own, which iptables does not show: sentinels are kept from conntrack, marks are set where other tools on
// a node set theirs, and the node's own answers stay inside.
const around = `table ip probe {
  map marks { typeof ip id : meta mark; }
  chain tracked { type filter hook prerouting priority raw; ip protocol ${SENTINEL_PROTOCOL} notrack; }
  chain marked { type filter hook prerouting priority mangle - 1; meta mark set ip id map @marks; }
  chain answers {
    type filter hook output priority raw - 1;
    ip protocol ${SENTINEL_PROTOCOL} notrack
    ip protocol icmp icmp type != echo-request drop
    tcp flags & rst == rst drop
  }
  chain marked_here { type route hook output priority mangle - 1; meta mark set ip id map @marks; }
}
`
