import type {Packet} from '../../../../core/net/packet.ts'

/** What a line of expectations says: `bakery/oven-0 -> 192.0.2.1 tcp/80: drop`. */
export interface Probe {
  /** The line, without the verdict. */
  readonly text: string
  readonly packet: Packet
  readonly verdict: 'accept' | 'drop'
}

const LINE = /^(\S+) -> (\S+) (?:(tcp|udp|sctp)\/(\d+)|icmp)(?: mark (0x[0-9a-f]+))?: (accept|drop)$/
const ADDRESS = /^\d+\.\d+\.\d+\.\d+$/

/**
 * Reads a line of expectations.
 *
 * @param addresses of the pods, by the name that stands in the line
 * @throws TypeError for a line of another shape, RangeError for a pod that is not there
 */
export function parseProbe(line: string, addresses: ReadonlyMap<string, string>): Probe {
  const found = LINE.exec(line)
  if (!found) throw new TypeError(`not "SOURCE -> DESTINATION PROTOCOL/PORT: VERDICT": ${line}`)
  const [, source = '', destination = '', protocol, port, mark, verdict] = found
  const address = (name: string): string => {
    const known = ADDRESS.test(name) ? name : addresses.get(name)
    if (known === undefined) throw new RangeError(`nobody is called ${name}: ${line}`)
    return known
  }
  const packet: Packet = {
    source: address(source),
    destination: address(destination),
    protocol: (protocol ?? 'icmp') as Packet['protocol'],
    ...(port !== undefined && {port: Number(port)}),
    ...(mark !== undefined && {mark: Number(mark)}),
  }
  return {text: line.slice(0, line.lastIndexOf(':')), packet, verdict: verdict === 'accept' ? 'accept' : 'drop'}
}
