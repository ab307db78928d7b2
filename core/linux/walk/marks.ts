import {WHOLE_MARK} from '../iptables/model.ts'
import type {Passing} from './passing.ts'

/** 32 bits of which only some are known. */
interface Bits {
  readonly value: number
  readonly known: number
}

const unsigned = (bits: number): number => bits >>> 0

/** `(bits & ~mask) ^ value`: bits in the mask become known; unknown bits outside it stay unknown. */
const masked = ({value: bits, known}: Bits, value: number, mask: number): Bits => ({
  value: unsigned((bits & ~mask) ^ value),
  known: unsigned(known | mask),
})

const withMark = (packet: Passing, {value, known}: Bits): Passing => ({...packet, mark: value, knownMark: known})

/** Sets the packet's mark: mark = (mark & ~mask) ^ value. */
export const marked = (packet: Passing, value: number, mask: number): Passing =>
  withMark(packet, masked({value: packet.mark, known: packet.knownMark}, value, mask))

/** The packet with a mark of which nothing is known. */
export const withUnknownMark = (packet: Passing): Passing => ({...packet, knownMark: 0})

/**
 * Applies CONNMARK, which sets the mark of a connection, saves that of the packet in it, or restores it.
 *
 * Source: xt_connmark.c of the kernel. Restored is mark = (mark & ~nfmask) ^ (ctmark & ctmask), saved the other way round.
 */
export function connectionMarked(options: string, packet: Passing): Passing {
  // Packets without a connection are left alone.
  if (packet.state === 'UNTRACKED' || packet.state === 'INVALID' || !packet.isTracked) return packet
  const words = options.split(' ')
  const own: Bits = {value: packet.mark, known: packet.knownMark}
  const connection: Bits = {value: packet.connectionMark, known: packet.knownConnectionMark}
  const isShifted = words.some(word => word.includes('shift'))
  const {operation, ...masks} = readOptions(words)
  if (operation === 'restore')
    return withMark(packet, isShifted || !masks.isRead ? NOTHING_KNOWN : copied(own, connection, masks))
  const change = setting(words)
  const {value: connectionMark, known: knownConnectionMark} =
    isShifted || !masks.isRead
      ? NOTHING_KNOWN
      : operation === 'save'
        ? copied(connection, own, {to: masks.from, from: masks.to})
        : change
          ? masked(connection, change.value, change.mask)
          : NOTHING_KNOWN
  return {...packet, connectionMark, knownConnectionMark}
}

const NOTHING_KNOWN: Bits = {value: 0, known: 0}

interface Masks {
  /** Of the bits that are replaced in the packet's mark. */
  readonly to: number
  /** Of the bits that are taken from the connection's mark. */
  readonly from: number
}

/** `to = (to & ~masks.to) ^ (from & masks.from)`, each bit known where all that it is made of is. */
const copied = (to: Bits, from: Bits, masks: Masks): Bits => ({
  value: unsigned((to.value & ~masks.to) ^ (from.value & masks.from)),
  known: unsigned((to.known | masks.to) & (from.known | ~masks.from)),
})

function readOptions(words: readonly string[]): Masks & {operation: 'restore' | 'save' | 'set'; isRead: boolean} {
  const operation = words.includes('--restore-mark') ? 'restore' : words.includes('--save-mark') ? 'save' : 'set'
  const mask = (...names: string[]): number => {
    const index = words.findIndex(word => names.includes(word))
    return index < 0 ? WHOLE_MARK : Number(words[index + 1])
  }
  const masks = {to: mask('--nfmask', '--mask'), from: mask('--ctmask', '--mask')}
  return {operation, ...masks, isRead: Number.isInteger(masks.to) && Number.isInteger(masks.from)}
}

/** `--set-xmark`, and the older spellings. */
function setting(words: readonly string[]): {value: number; mask: number} | undefined {
  const [option, text = ''] = words
  const [value = Number.NaN, mask = WHOLE_MARK] = text.split('/').map(Number)
  if (!Number.isInteger(value) || !Number.isInteger(mask)) return undefined
  switch (option) {
    case '--set-xmark':
      return {value, mask}
    case '--set-mark':
      return {value, mask: unsigned(mask | value)}
    case '--and-mark':
      return {value: 0, mask: unsigned(~value)}
    case '--or-mark':
      return {value, mask: value}
    case '--xor-mark':
      return {value, mask: 0}
    default:
      return undefined
  }
}

/**
 * Applies a spelling of MARK that the parser does not know.
 *
 * @returns nothing of the mark is known where the spelling is not understood
 */
export function spelledMark(options: string, packet: Passing): Passing {
  const words = options.split(' ')
  const change = words.length === 2 ? setting(words) : undefined
  return change ? marked(packet, change.value, change.mask) : withUnknownMark(packet)
}
