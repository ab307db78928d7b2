import {type Ipv4Block, parseIpv4Block} from '../net/ipv4.ts'
import {protocolNumber} from '../net/protocols.ts'
import {entryOf} from './member.ts'

/** A dimension of a set's type: `hash:ip,port,net` has `ip`, `port` and `net`. */
export type Dimension = 'ip' | 'net' | 'port' | 'mark' | 'mac' | 'iface'

/** What ipset prints of the types and codes of ICMP, with their number. Source: `icmp_typecodes` of ipset. */
const ICMP: Readonly<Record<string, number>> = {
  'echo-reply': 0,
  pong: 0,
  'network-unreachable': 0x0300,
  'host-unreachable': 0x0301,
  'protocol-unreachable': 0x0302,
  'port-unreachable': 0x0303,
  'fragmentation-needed': 0x0304,
  'source-route-failed': 0x0305,
  'network-unknown': 0x0306,
  'host-unknown': 0x0307,
  'network-prohibited': 0x0309,
  'host-prohibited': 0x030a,
  'TOS-network-unreachable': 0x030b,
  'TOS-host-unreachable': 0x030c,
  'communication-prohibited': 0x030d,
  'host-precedence-violation': 0x030e,
  'precedence-cutoff': 0x030f,
  'source-quench': 0x0400,
  'network-redirect': 0x0500,
  'host-redirect': 0x0501,
  'TOS-network-redirect': 0x0502,
  'TOS-host-redirect': 0x0503,
  'echo-request': 0x0800,
  ping: 0x0800,
  'router-advertisement': 0x0900,
  'router-solicitation': 0x0a00,
  'ttl-zero-during-transit': 0x0b00,
  'ttl-zero-during-reassembly': 0x0b01,
  'ip-header-bad': 0x0c00,
  'required-option-missing': 0x0c01,
  'timestamp-request': 0x0d00,
  'timestamp-reply': 0x0e00,
  'address-mask-request': 0x1100,
  'address-mask-reply': 0x1200,
}

/** What sets take for the port of an ICMP echo request: its type and its code. */
export const ECHO_REQUEST = 0x0800

/** Dimensions of the types that are modelled; undefined for any other type. */
export function dimensionsOf(type: string): readonly Dimension[] | undefined {
  return TYPES[type]
}

const TYPES: Readonly<Record<string, readonly Dimension[]>> = {
  'hash:ip': ['ip'],
  'hash:net': ['net'],
  'hash:ip,port': ['ip', 'port'],
  'hash:net,port': ['net', 'port'],
  'hash:net,net': ['net', 'net'],
  'hash:ip,port,ip': ['ip', 'port', 'ip'],
  'hash:ip,port,net': ['ip', 'port', 'net'],
  'hash:net,port,net': ['net', 'port', 'net'],
  'hash:ip,mark': ['ip', 'mark'],
  'hash:net,iface': ['net', 'iface'],
  'hash:mac': ['mac'],
  'hash:ip,mac': ['ip', 'mac'],
  'bitmap:ip': ['ip'],
  'bitmap:ip,mac': ['ip', 'mac'],
  'bitmap:port': ['port'],
}

/** The types of sets that are modelled, but for `list:set`. */
export const modelledTypes: readonly string[] = Object.keys(TYPES)

/** A protocol and the port, or the type and code of ICMP. Undefined protocol: a bitmap of ports, for TCP and UDP alike. */
export interface ElementPort {
  readonly protocol: string | undefined
  readonly number: number
}

/** A member of a set, taken apart. */
export interface Element {
  /** Those of its dimensions `ip` and `net`, in order. */
  readonly blocks: readonly Ipv4Block[]
  readonly port?: ElementPort
  readonly mark?: number
  /** Whether it names an interface or a hardware address, which is not known of a packet. */
  readonly hasMore: boolean
}

/**
 * Takes a member apart.
 *
 * @param text as ipset prints it, options included
 * @returns undefined for text that is no member of such a set
 */
export function parseElement(text: string, dimensions: readonly Dimension[]): Element | undefined {
  const parts = entryOf(text).split(',')
  const blocks: Ipv4Block[] = []
  let port: ElementPort | undefined
  let mark: number | undefined
  let hasMore = false
  for (const [at, dimension] of dimensions.entries()) {
    const part = parts[at]
    if (dimension === 'ip' || dimension === 'net') {
      const block = part === undefined ? undefined : parseIpv4Block(part)
      if (!block) return undefined
      blocks.push(block)
    } else if (dimension === 'port') {
      port = part === undefined ? undefined : elementPort(part, dimensions.length > 1)
      if (!port) return undefined
    } else if (dimension === 'mark') {
      mark = Number(part)
      if (!Number.isInteger(mark)) return undefined
    } else {
      // A bitmap may hold an address whose hardware address it takes from the first packet.
      if (part === undefined && at === 0) return undefined
      hasMore = true
    }
  }
  return {blocks, ...(port && {port}), ...(mark !== undefined && {mark}), hasMore}
}

/** Reads `tcp:80`, `80` (of TCP), `icmp:echo-request` or `icmp:8/0`. */
function elementPort(text: string, hasProtocol: boolean): ElementPort | undefined {
  const colon = text.indexOf(':')
  const protocol = colon < 0 ? 'tcp' : text.slice(0, colon).toLowerCase()
  const word = text.slice(colon + 1)
  const number = protocol === 'icmp' ? icmpNumber(word) : Number(word)
  if (number === undefined || !Number.isInteger(number) || word === '' || protocolNumber(protocol) === undefined) return undefined
  return {protocol: hasProtocol ? protocol : undefined, number}
}

function icmpNumber(word: string): number | undefined {
  const named = ICMP[word]
  if (named !== undefined) return named
  const [, type, code] = /^(\d+)\/(\d+)$/.exec(word) ?? []
  if (type !== undefined) return Number(type) * 256 + Number(code)
  return /^\d+$/.test(word) ? Number(word) : undefined
}
