import type {Probe} from '../contract/matrix.ts'
import {incompleteObjects} from '../kubernetes/completeness.ts'
import {Matrix, type MatrixEnd, type MatrixInput} from '../matrix/matrix.ts'
import {parseIpv4} from '../net/ipv4.ts'
import type {Bits} from '../packets/bits.ts'
import {PolicyPackets} from '../packets/policy-packets.ts'
import {type ServiceRange, serviceAt, servicesOf} from '../packets/services.ts'
import {PacketEnds} from '../policy/packet-ends.ts'
import {isNodeRead} from '../trace/nodes.ts'

/** Ports of one protocol at all of which the same happens, from the first to the last. */
export interface PortRange {
  readonly protocol: Probe['protocol']
  readonly from: number
  readonly to: number
}

const TRANSPORTS: readonly ServiceRange[] = [servicesOf('tcp'), servicesOf('udp'), servicesOf('sctp')]

/**
 * Cuts all ports where anything changes between one end and any other, in either direction: by the nodes' rules or by what the
 * policies mean. Asking about the first port of each range asks about all ports.
 *
 * @param name of the end
 */
export function constantPorts(name: string, input: Omit<MatrixInput, 'ports'>): PortRange[] {
  const ends = oneOfEachClass(input)
  const own = ends.findIndex(end => end.name === name)
  if (own < 0) return []
  const starts = new Set<number>()
  for (const judge of judgesOf(ends, input))
    for (const receiver of ends.keys())
      for (const {from, to, senders} of judge(receiver)) if (receiver === own || senders.has(own)) starts.add(from).add(to + 1)
  return TRANSPORTS.flatMap(range => cutAt(range, starts)).map(({from, to}) => ({
    protocol: serviceAt(from).protocol as Probe['protocol'],
    from: serviceAt(from).port ?? 0,
    to: serviceAt(to).port ?? 0,
  }))

  /** The end that is asked about stands for its class, and its like for what it does with itself. */
  function oneOfEachClass(asked: Omit<MatrixInput, 'ports'>): MatrixEnd[] {
    const matrix = new Matrix({...asked, ports: []})
    const classes = new Map<string, MatrixEnd>()
    for (const [at, end] of matrix.ends.entries())
      classes.set(end.name === name ? 'own' : end.pod ? matrix.classOf(at) : `alone ${end.name}`, end)
    return [...classes.values()]
  }
}

interface Part extends ServiceRange {
  readonly senders: Pick<Bits, 'has'>
}

/** Who judges packets between the ends, each part of them by the services from which to which it goes. */
function judgesOf(
  ends: readonly MatrixEnd[],
  {nodes = [], cluster}: Omit<MatrixInput, 'ports'>,
): ((receiver: number) => readonly Part[])[] {
  const judges: ((receiver: number) => readonly Part[])[] = []
  for (const node of nodes.filter(isNodeRead)) {
    const addresses = ends.map(({address}) => parseIpv4(address) ?? 0)
    const walk = node.walkSets({senders: addresses, receivers: addresses, services: TRANSPORTS})
    judges.push(receiver => walk.judge(receiver))
  }
  if (cluster) {
    const known = new PacketEnds(cluster, incompleteObjects(cluster))
    const meant = ends.map(({pod, address}) => known.of(pod, address)[0] ?? {address: parseIpv4(address)})
    const packets = new PolicyPackets(cluster, {senders: meant, receivers: meant})
    judges.push(receiver => packets.allowed(receiver).map(({from, to, possible}) => ({from, to, senders: possible})))
  }
  return judges
}

const cutAt = (range: ServiceRange, starts: ReadonlySet<number>): ServiceRange[] => {
  const inside = [...starts].filter(start => start > range.from && start <= range.to).toSorted((a, b) => a - b)
  return [range.from, ...inside].map((from, at) => ({from, to: (inside[at] ?? range.to + 1) - 1}))
}
