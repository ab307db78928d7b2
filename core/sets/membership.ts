import {maskOf, parseIpv4, UNKNOWN_ADDRESS} from '../net/ipv4.ts'
import type {Truth} from '../net/truth.ts'
import {type Dimension, dimensionsOf, type Element, parseElement} from './element.ts'
import {elementsTest, type Test} from './element-test.ts'
import {parseMember} from './member.ts'
import {PORTS, portAt, portKey, protocolKey} from './port-key.ts'
import type {SetField, Sides} from './sides.ts'

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
    ports.add(portKey(port))
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
