import {openPacketNode, type PacketNode} from './packet-node.ts'
import {parseProbe} from './probe-line.ts'

/** The pods of the bakery. The other node's host-network pod and the finished one are addresses outside. */
export const pods = [
  {name: 'coredns', ip: '10.60.0.53'},
  {name: 'oven-0', ip: '10.60.0.10'},
  {name: 'oven-1', ip: '10.60.1.10'},
  {name: 'mixer', ip: '10.60.0.12'},
  {name: 'shaper', ip: '10.60.1.13'},
  {name: 'ledger', ip: '10.60.0.14'},
  {name: 'till-0', ip: '10.60.0.20'},
  {name: 'till-1', ip: '10.60.1.21'},
  {name: 'kiosk', ip: '10.60.1.22'},
  {name: 'seasonal-0', ip: '10.60.1.30'},
  {name: 'seasonal-1', ip: '10.60.0.31'},
  {name: 'taster-0', ip: '10.60.0.40'},
  {name: 'taster-1', ip: '10.60.1.41'},
]
const others = {
  inspector: '10.40.0.4',
  cleaning: '10.60.0.19',
  world: '203.0.113.9',
  office: '172.20.5.5',
  basement: '172.20.1.7',
  cellar: '172.20.2.8',
}
export const nodeAddress = '10.40.0.5'
const addresses = new Map([...pods.map(({name, ip}) => [name, ip] as const), ...Object.entries(others), ['node', nodeAddress]])

/** By hand, from the policies of the bakery and what Azure NPM makes of them. */
export const expected = `
till-0 -> oven-0 tcp/8080: accept
till-1 -> oven-1 tcp/8080: accept
till-1 -> oven-0 udp/8080: drop
kiosk -> oven-0 tcp/8080: drop
till-0 -> oven-0 tcp/9102: drop
till-1 -> oven-0 tcp/9102: accept
world -> oven-0 tcp/9102: drop
inspector -> oven-0 tcp/9102: drop
mixer -> oven-0 tcp/8080: drop
taster-0 -> mixer tcp/9000: drop
till-1 -> mixer tcp/9000: accept
world -> mixer tcp/9000: accept
world -> mixer sctp/7400: accept
world -> mixer sctp/7401: drop
world -> mixer udp/7400: drop
world -> shaper icmp: drop
office -> ledger tcp/5432: accept
office -> ledger tcp/5434: drop
basement -> ledger tcp/5432: drop
cellar -> ledger tcp/5433: drop
oven-0 -> ledger tcp/5432: accept
oven-0 -> ledger tcp/5433: drop
oven-1 -> coredns udp/53: accept
oven-1 -> coredns tcp/53: accept
oven-1 -> coredns tcp/9153: drop
ledger -> world tcp/443: accept
ledger -> world tcp/80: drop
ledger -> till-0 tcp/443: drop
ledger -> 169.254.169.254 tcp/443: drop
seasonal-0 -> oven-0 tcp/30000: accept
kiosk -> oven-1 tcp/30010: accept
kiosk -> oven-1 tcp/30011: drop
taster-0 -> oven-1 tcp/30005: drop
till-0 -> world udp/53: accept
till-0 -> world tcp/53: drop
till-0 -> till-1 tcp/80: drop
kiosk -> till-0 icmp: accept
seasonal-1 -> seasonal-0 tcp/80: accept
seasonal-1 -> seasonal-0 icmp: drop
world -> seasonal-0 tcp/80: drop
taster-0 -> taster-1 tcp/1: accept
taster-0 -> taster-1 udp/1: drop
taster-1 -> taster-0 tcp/1: accept
till-1 -> taster-0 tcp/1: drop
world -> cleaning tcp/1: accept
till-1 -> 10.0.0.77 tcp/80: accept
kiosk -> 10.0.0.77 tcp/80: drop
coredns -> 168.63.129.16 tcp/80: accept
kiosk -> oven-0 tcp/8080 mark 0x4000: accept
world -> coredns tcp/53 mark 0x400: drop
world -> coredns tcp/53 mark 0x800: drop
kiosk -> oven-0 tcp/8080 mark 0x200: drop
node -> oven-0 tcp/1: accept
oven-0 -> node tcp/10250: accept
oven-0 -> node icmp: accept`
  .trim()
  .split('\n')

export const probes = expected.map(line => parseProbe(line, addresses))
export const packets = probes.map(({packet}) => packet)

/** Its node, with nothing loaded but the base. */
export const openBakery = (base: string, backend: PacketNode['backend']): Promise<PacketNode> =>
  openPacketNode({pods, externals: Object.values(others), nodeAddress, backend, base})
