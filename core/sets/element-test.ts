import {type Ipv4Block, maskOf, UNKNOWN_ADDRESS} from '../net/ipv4.ts'
import type {Truth} from '../net/truth.ts'
import type {Dimension, Element} from './element.ts'
import {portAt, protocolKey} from './port-key.ts'
import {addressAt, type SetPacket, type Sides} from './sides.ts'

/**
 * Whether a packet is in a set. A rule with `--return-nomatch` asks for exceptions: then it holds where a `nomatch` member decides.
 */
export type Test = (packet: SetPacket, sides: Sides, wantsException: boolean) => Truth

interface Group {
  readonly masks: readonly number[]
  /** By masked addresses. */
  readonly elements: Map<string, {element: Element; isException: boolean}[]>
}

/**
 * Types of several dimensions. The kernel tries the prefixes that occur, those of the first block outermost, longest first, and the
 * first element that fits decides.
 */
export function elementsTest(
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
