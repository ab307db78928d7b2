import {parseIpv4, parseIpv4Block} from '../../net/ipv4.ts'
import type {BuiltIn} from './hooks.ts'
import {type Passing, UNKNOWN_ADDRESS} from './passing.ts'

/** What a target of the table nat makes of a packet: one packet of these, or nobody can tell. */
export type Translation = {readonly packets: readonly Passing[]} | {readonly reason: string}

/** Ends that one rule may choose from are followed one by one, up to this many. */
const MOST_ENDS = 256

const LOOPBACK = 0x7f000001

/** The targets of nat that change an address. */
export const translating = new Set(['DNAT', 'SNAT', 'MASQUERADE', 'REDIRECT', 'NETMAP', 'SAME'])

/**
 * Translates an address as a target of the table nat does.
 *
 * Source: iptables-extensions(8) and libxt_DNAT.c, libxt_NAT.c of iptables.
 *
 * @param hook the built-in chain in which the rule is met: it decides which address NETMAP changes
 */
export function translate(name: string, options: string, packet: Passing, hook: BuiltIn): Translation {
  switch (name) {
    case 'DNAT':
      return destinations(options, packet)
    case 'SNAT':
      return sources(options, packet)
    case 'MASQUERADE':
      return {packets: [from(packet, packet.host.address ?? UNKNOWN_ADDRESS)]}
    case 'REDIRECT':
      return redirected(options, packet, hook)
    case 'NETMAP':
      return mapped(options, packet, hook)
    default:
      return {reason: `what target ${name} does is not modelled`}
  }
}

const to = (packet: Passing, destination: number, port: number | undefined): Passing => ({
  ...packet,
  destination,
  port,
  isTranslated: true,
})

/** The source port may be another one then, as two connections may want the same. */
const from = (packet: Passing, source: number): Passing => ({
  ...packet,
  source,
  sourcePort: undefined,
  isSourceTranslated: true,
})

function destinations(options: string, packet: Passing): Translation {
  const ends = readEnds(options, '--to-destination')
  if (!ends) return notUnderstood('DNAT', options)
  const packets: Passing[] = []
  for (const {addresses, ports} of ends) {
    const found = choices(addresses, ports, packet)
    if (packets.length + found.count > MOST_ENDS)
      return {reason: `DNAT ${options} chooses from more than ${MOST_ENDS} ends, which are not followed one by one`}
    packets.push(...found.all())
  }
  return {packets}
}

interface Range {
  readonly from: number
  readonly to: number
}

interface Ends {
  /** Undefined where only the port changes. */
  readonly addresses: Range | undefined
  /** Undefined where only the address changes. `base` is the port that becomes the first one. */
  readonly ports: (Range & {readonly base?: number}) | undefined
}

function choices(addresses: Ends['addresses'], ports: Ends['ports'], packet: Passing) {
  const {from: firstAddress, to: lastAddress} = addresses ?? {from: packet.destination, to: packet.destination}
  const {from: firstPort, to: lastPort} = shifted(ports, packet) ?? {from: packet.port, to: packet.port}
  const count = (lastAddress - firstAddress + 1) * ((lastPort ?? 0) - (firstPort ?? 0) + 1)
  return {
    count,
    *all(): Generator<Passing> {
      for (let address = firstAddress; address <= lastAddress; address++) {
        if (firstPort === undefined) yield to(packet, address, undefined)
        else for (let port = firstPort; port <= (lastPort ?? firstPort); port++) yield to(packet, address, port)
      }
    },
  }
}

/** With a base, each port becomes the one that is as far from the first as it is from the base. */
function shifted(ports: Ends['ports'], {port}: Passing): Range | undefined {
  if (ports?.base === undefined || port === undefined) return ports
  const moved = ports.from + port - ports.base
  return {from: moved, to: moved}
}

/** Options that say how an end is chosen, not which ends there are. */
const CHOOSING = new Set(['--random', '--random-fully', '--persistent', '--nodst', ''])

/** Reads `--to-destination 10.0.0.1-10.0.0.5:80-90 --random`. Old kernels allow several of them. */
function readEnds(options: string, option: string): Ends[] | undefined {
  const ends: Ends[] = []
  const words = options.split(' ')
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    if (CHOOSING.has(word)) continue
    if (word !== option) return undefined
    const end = readEnd(words[++index] ?? '')
    if (!end) return undefined
    ends.push(end)
  }
  return ends.length > 0 ? ends : undefined
}

const END = /^([\d.]+)?(?:-([\d.]+))?(?::(\d+)(?:-(\d+))?(?:\/(\d+))?)?$/

function readEnd(text: string): Ends | undefined {
  const parts = END.exec(text)
  if (!parts || text === '') return undefined
  const [, first, last = first, firstPort, lastPort = firstPort, base] = parts
  const addresses = rangeOf(first && parseIpv4(first), last && parseIpv4(last))
  const ports = rangeOf(firstPort && Number(firstPort), lastPort && Number(lastPort))
  // Neither is ever written: an old tool prints them for rules that it cannot read.
  if ((first !== undefined && !addresses) || addresses?.from === 0) return undefined
  if ((firstPort !== undefined && !ports) || ports?.from === 0) return undefined
  return {addresses, ports: ports && {...ports, ...(base !== undefined && {base: Number(base)})}}
}

const rangeOf = (first: number | '' | undefined, last: number | '' | undefined): Range | undefined =>
  typeof first === 'number' && typeof last === 'number' && first <= last ? {from: first, to: last} : undefined

const notUnderstood = (name: string, options: string): Translation => ({
  reason: `${name} ${options} is not understood: the iptables that printed it is older than the one that wrote the rule. Take the save again with the tool that programs the node`,
})

function sources(options: string, packet: Passing): Translation {
  const ends = readEnds(options, '--to-source')
  if (!ends) return notUnderstood('SNAT', options)
  const packets = ends.flatMap(({addresses}) => {
    const {from: first, to: last} = addresses ?? {from: packet.source, to: packet.source}
    return last - first >= MOST_ENDS
      ? [from(packet, UNKNOWN_ADDRESS)]
      : Array.from({length: last - first + 1}, (_, index) => from(packet, first + index))
  })
  return {packets}
}

function redirected(options: string, packet: Passing, hook: BuiltIn): Translation {
  if (hook !== 'OUTPUT')
    return {
      reason: `REDIRECT leads it to a process on this node, at the address of the interface that it came by, which is not known`,
    }
  const ports = /^(?:--to-ports (\d+)(?:-(\d+))?)?(?: --random)?$/.exec(options)
  if (!ports) return notUnderstood('REDIRECT', options)
  const [, first, last = first] = ports
  const range = rangeOf(first && Number(first), last && Number(last))
  const found = choices({from: LOOPBACK, to: LOOPBACK}, range, packet)
  return found.count > MOST_ENDS
    ? {reason: `REDIRECT ${options} chooses from more than ${MOST_ENDS} ports`}
    : {packets: [...found.all()]}
}

function mapped(options: string, packet: Passing, hook: BuiltIn): Translation {
  const block = parseIpv4Block(options.replace(/^--to /, ''))
  if (!block) return notUnderstood('NETMAP', options)
  const size = 2 ** (32 - block.prefix)
  const move = (address: number) => block.base + (address % size)
  return hook === 'PREROUTING' || hook === 'OUTPUT'
    ? {packets: [to(packet, move(packet.destination), packet.port)]}
    : {packets: [from(packet, packet.source === UNKNOWN_ADDRESS ? UNKNOWN_ADDRESS : move(packet.source))]}
}
