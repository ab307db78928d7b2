import {type Ipv4Block, maskOf, parseIpv4, UNKNOWN_ADDRESS} from '../net/ipv4.ts'
import {protocolNumber} from '../net/protocols.ts'
import type {Truth} from '../net/truth.ts'
import {type Dimension, dimensionsOf, ECHO_REQUEST, type Element, type ElementPort, parseElement} from './element.ts'
import {parseMember} from './member.ts'
import {addressAt, type SetField, type SetPacket, type Sides} from './sides.ts'

/** A set as a walk needs it, read from a node or compiled. */
export interface WalkedSet {
  readonly type: string
  /** As ipset prints them, exceptions with ` nomatch`. */
  readonly members: Iterable<string>
  /** Options of `create`. Those that change what members mean are `family`, `netmask`, `bitmask` and `markmask`. */
  readonly header?: ReadonlyMap<string, string>
  /** Whether it may have more members. */
  readonly isCut?: boolean
}

/**
 * Whether a packet is in a set. A rule with `--return-nomatch` asks for exceptions: then it holds where a `nomatch` member decides.
 */
export type Test = (packet: SetPacket, sides: Sides, wantsException: boolean) => Truth

/** A set, ready for questions. */
export interface CompiledSet {
  readonly holds: Test
  /** What it looks at: packets that agree on these fields have the same answer. */
  fields(sides: Sides): readonly SetField[]
}

const never = (): Truth => false
const noFields = (): readonly SetField[] => []

/** No packet is in it. */
const emptySet: CompiledSet = {holds: never, fields: noFields}
/** Nobody knows what is in it. */
export const unknownSet: CompiledSet = {holds: () => 'unknown', fields: noFields}

/**
 * Compiles a set of any type but `list:set`. As in the kernel, a rule that gives fewer directions than the set has dimensions
 * matches no packet, and an IPv4 packet is in no set of IPv6.
 *
 * Source: `ip_set_test` and the files `ip_set_hash_*.c`, `ip_set_bitmap_*.c` of Linux; property tests hold it to `ipset test`.
 */
export function compileSet({type, members, header}: WalkedSet): CompiledSet {
  const dimensions = dimensionsOf(type)
  if (header?.get('family') === 'inet6') return emptySet
  if (!dimensions) return unknownSet
  const mask = addressMask(header)
  if (mask === undefined) return unknownSet
  if (type === 'hash:net' || type === 'hash:ip') return addressSet({type, members, mask})
  const test = testOf({type, dimensions, members, mask, markMask: Number(header?.get('markmask') ?? 0xffffffff)})
  if (!test) return unknownSet
  if (test === never) return emptySet
  const holds: Test =
    dimensions.length === 1
      ? test
      : (packet, sides, wantsException) =>
          sides.isSource.length < dimensions.length ? false : test(packet, sides, wantsException)
  return {
    holds,
    fields: sides =>
      sides.isSource.length < dimensions.length ? [] : dimensions.flatMap((each, at) => fieldsOf(each, at, sides)),
  }
}

/** What it looks at is known without its members, which many a rule need not ask. */
function addressSet({type, members, mask}: Pick<Content, 'type' | 'members' | 'mask'>): CompiledSet {
  const [first] = members
  if (first === undefined) return emptySet
  let test: Test | undefined
  return {
    holds: (packet, sides, wantsException) => {
      test ??= addressTest(members, mask, type === 'hash:net') ?? unknownSet.holds
      return test(packet, sides, wantsException)
    },
    fields: sides => fieldsOf('ip', 0, sides),
  }
}

function fieldsOf(dimension: Dimension, at: number, {isSource}: Sides): SetField[] {
  switch (dimension) {
    case 'ip':
    case 'net':
      return [isSource[at] ? 'source' : 'destination']
    case 'port':
      return ['protocol', isSource[at] ? 'sourcePort' : 'port']
    case 'mark':
      return ['mark']
    case 'mac':
    case 'iface':
      return []
  }
}

/** The bits of addresses that a set looks at; undefined for a mask that is not understood. */
export function addressMask(header: WalkedSet['header']): number | undefined {
  const netmask = header?.get('netmask')
  const bitmask = header?.get('bitmask')
  // ipset 7.17 may print a number behind it that means nothing: `255.255.0.255/89`.
  if (bitmask !== undefined) return parseIpv4(bitmask.split('/')[0] ?? '')
  if (netmask === undefined) return 0xffffffff
  const prefix = Number(netmask)
  return Number.isInteger(prefix) && prefix >= 0 && prefix <= 32 ? maskOf(prefix) : undefined
}

interface Content {
  readonly type: string
  readonly dimensions: readonly Dimension[]
  readonly members: Iterable<string>
  readonly mask: number
  readonly markMask: number
}

/** Undefined if a member is not understood. */
function testOf({type, dimensions, members, mask, markMask}: Content): Test | undefined {
  if (type === 'bitmap:port') return bitmapOfPorts(members)
  if (type === 'bitmap:ip') return addressTest(members, mask, false)
  if (type === 'hash:ip,port' && mask === 0xffffffff) return addressAndPortTest(members)
  const elements: {element: Element; isException: boolean}[] = []
  for (const text of members) {
    const element = parseElement(text, dimensions)
    if (!element) return undefined
    elements.push({element, isException: parseMember(text).isException})
  }
  if (elements.length === 0) return never
  return elementsTest(elements, dimensions, {mask, markMask})
}

/** The longest matching prefix decides. A `nomatch` block means "not in the set". */
function addressTest(members: Iterable<string>, mask: number, hasExceptions: boolean): Test | undefined {
  const byPrefix = new Map<number, Map<number, boolean>>()
  for (const text of members) {
    const member = parseMember(text)
    const block = parseElement(text, ['net'])?.blocks[0]
    if (!block) return undefined
    const bases = byPrefix.get(block.prefix) ?? new Map<number, boolean>()
    byPrefix.set(block.prefix, bases)
    bases.set((block.base & mask) >>> 0, !member.isException)
  }
  if (byPrefix.size === 0) return never
  const prefixes = [...byPrefix]
    .toSorted(([a], [b]) => b - a)
    .map(([prefix, bases]) => ({mask: (maskOf(prefix) & mask) >>> 0, bases}))
  const isWhole = byPrefix.get(0)?.get(0)
  return (packet, sides, wantsException) => {
    const address = sides.isSource[0] ? packet.source : packet.destination
    if (address === UNKNOWN_ADDRESS) return isWhole !== undefined && prefixes.length === 1 ? isWhole : 'unknown'
    for (const {mask, bases} of prefixes) {
      const isMember = bases.get((address & mask) >>> 0)
      if (isMember !== undefined) return hasExceptions ? isMember !== wantsException : isMember
    }
    return false
  }
}

function bitmapOfPorts(members: Iterable<string>): Test | undefined {
  const ports = new Set<number>()
  for (const text of members) {
    const port = parseElement(text, ['port'])?.port
    if (!port) return undefined
    ports.add(port.number)
  }
  if (ports.size === 0) return never
  return (packet, sides) => {
    const {protocol} = packet
    // It holds ports of TCP and UDP only.
    if (protocol !== '' && protocol !== 'tcp' && protocol !== 'udp') return false
    const port = sides.isSource[0] ? packet.sourcePort : packet.port
    return protocol === '' || port === undefined ? 'unknown' : ports.has(port)
  }
}

/** Named ports are sets of this type, so it is a look-up. */
function addressAndPortTest(members: Iterable<string>): Test | undefined {
  const byAddress = new Map<number, Set<number>>()
  for (const text of members) {
    const {blocks, port} = parseElement(text, ['ip', 'port']) ?? {}
    const [block] = blocks ?? []
    if (!block || !port || block.prefix < 32) return undefined
    const ports = byAddress.get(block.base) ?? new Set<number>()
    byAddress.set(block.base, ports)
    ports.add(keyOf(port))
  }
  if (byAddress.size === 0) return never
  return (packet, sides) => {
    const address = sides.isSource[0] ? packet.source : packet.destination
    if (address === UNKNOWN_ADDRESS) return 'unknown'
    const ports = byAddress.get(address)
    if (!ports) return false
    const number = portAt(packet, sides, 1)
    const key = protocolKey(packet.protocol)
    if (number !== undefined) return ports.has(key + number)
    if (packet.protocol === '') return 'unknown'
    for (const member of ports) if (member >= key && member < key + PORTS) return 'unknown'
    return false
  }
}

const PORTS = 65_536

/** Protocol and port as one number. A protocol that is not known has a key of its own. */
const protocolKey = (protocol: string): number => (protocolNumber(protocol) ?? 256) * PORTS
const keyOf = ({protocol = '', number}: ElementPort): number => protocolKey(protocol) + number

/** What sets take for the port of a packet: of ICMP type and code, and 0 for protocols without ports. Undefined when not known. */
function portAt(packet: SetPacket, {isSource}: Sides, at: number): number | undefined {
  switch (protocolNumber(packet.protocol)) {
    case 6:
    case 17:
    case 132:
    case 136:
      return isSource[at] ? packet.sourcePort : packet.port
    case 1:
      return packet.isFirst ? ECHO_REQUEST : undefined
    case undefined:
      return undefined
    default:
      return 0
  }
}

interface Group {
  readonly masks: readonly number[]
  /** By masked addresses. */
  readonly elements: Map<string, {element: Element; isException: boolean}[]>
}

/**
 * Types of several dimensions. The kernel tries the prefixes that occur, those of the first block outermost, longest first, and the
 * first element that fits decides.
 */
function elementsTest(
  all: readonly {element: Element; isException: boolean}[],
  dimensions: readonly Dimension[],
  {mask, markMask}: {readonly mask: number; readonly markMask: number},
): Test {
  const groups = groupsOf(all, mask)
  const hasExceptions = dimensions.includes('net')
  const places = dimensions.flatMap((each, at) => (each === 'ip' || each === 'net' ? [at] : []))
  const portPlace = dimensions.indexOf('port')
  /** Whether the rest of an element fits, its addresses apart. */
  const fits = ({port, mark, hasMore}: Element, packet: SetPacket, sides: Sides): Truth => {
    if (port) {
      const number = portAt(packet, sides, portPlace)
      if (packet.protocol !== '' && protocolKey(packet.protocol) !== protocolKey(port.protocol ?? '')) return false
      if (number === undefined) return 'unknown'
      return number === port.number
    }
    if (mark !== undefined) return markFits(mark, markMask, packet)
    return hasMore ? 'unknown' : true
  }
  return (packet, sides, wantsException) => {
    const addresses = places.map(at => addressAt(packet, sides, at))
    if (addresses.includes(UNKNOWN_ADDRESS)) {
      const isPossible = all.some(
        ({element}) => mayHold(element.blocks, addresses, mask) && fits(element, packet, sides) !== false,
      )
      return isPossible ? 'unknown' : false
    }
    let isDoubted = false
    for (const {masks, elements} of groups) {
      const key = addresses.map((address, at) => (address & (masks[at] ?? 0)) >>> 0).join()
      for (const {element, isException} of elements.get(key) ?? []) {
        const truth = fits(element, packet, sides)
        if (truth === 'unknown') isDoubted = true
        else if (truth) return isDoubted ? 'unknown' : hasExceptions ? isException === wantsException : true
      }
    }
    return isDoubted ? 'unknown' : false
  }
}

function groupsOf(all: readonly {element: Element; isException: boolean}[], mask: number): Group[] {
  const groups = new Map<string, Group & {readonly prefixes: readonly number[]}>()
  for (const each of all) {
    const {blocks} = each.element
    const prefixes = blocks.map(({prefix}) => prefix)
    const group = groups.get(prefixes.join()) ?? {
      prefixes,
      masks: prefixes.map(prefix => (maskOf(prefix) & mask) >>> 0),
      elements: new Map(),
    }
    groups.set(prefixes.join(), group)
    const key = blocks.map(({base}) => (base & mask) >>> 0).join()
    const known = group.elements.get(key)
    if (known) known.push(each)
    else group.elements.set(key, [each])
  }
  return [...groups.values()].toSorted((one, other) => {
    const at = one.prefixes.findIndex((prefix, index) => prefix !== other.prefixes[index])
    return (other.prefixes[at] ?? 0) - (one.prefixes[at] ?? 0)
  })
}

/** Whether blocks hold addresses of which some are not known. */
const mayHold = (blocks: readonly Ipv4Block[], addresses: readonly number[], mask: number): boolean =>
  blocks.every(({base, prefix}, at) => {
    const address = addresses[at] ?? UNKNOWN_ADDRESS
    return address === UNKNOWN_ADDRESS || ((address ^ base) & maskOf(prefix) & mask) === 0
  })

function markFits(wanted: number, mask: number, {mark = 0, knownMark = 0}: SetPacket): Truth {
  if (((mark ^ wanted) & mask & knownMark) !== 0) return false
  return (mask & ~knownMark) === 0 ? true : 'unknown'
}
