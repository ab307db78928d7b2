import {utf8ToBytes} from '@noble/hashes/utils.js'
import type {KeyedHash} from './keyed-hash.ts'

/** The first bits of an address. */
export interface Prefix {
  readonly bytes: readonly number[]
  readonly bits: number
}

const MEMO_LIMIT = 500_000

/**
 * Maps addresses so that two of them share as many first bits afterwards as before: an address is in the image of a block if and
 * only if it was in the block.
 *
 * Each bit is flipped or not depending on the bits before it and the key (Xu, Fan, Ammar, Moon: "Prefix-preserving IP address
 * anonymization", 2002). One hash gives the flips for the 255 nodes of one byte's binary tree. On the path to a block that
 * stays no bit is flipped, so the block stays where it is, and all other addresses stay outside of it.
 */
export class PrefixMap {
  private readonly hash: KeyedHash
  private readonly kept: readonly Prefix[]
  private readonly unflipped: readonly Prefix[]
  private readonly flips = new Map<string, Uint8Array>()

  /**
   * @param kept blocks that are mapped to themselves, address by address
   * @param held blocks that are mapped to themselves as a whole
   */
  constructor(hash: KeyedHash, kept: readonly Prefix[], held: readonly Prefix[]) {
    this.hash = hash
    this.kept = kept
    this.unflipped = [...kept, ...held]
  }

  /** @param address 4 or 16 bytes */
  map(address: Uint8Array): Uint8Array {
    if (this.kept.some(block => isIn(address, block))) return address
    const mapped = new Uint8Array(address.length)
    for (let index = 0; index < address.length; index++) {
      const flips = this.flipsBehind(address.subarray(0, index))
      const byte = address[index] as number
      // Node of a binary tree: 1 is the root, 2n and 2n + 1 are below n.
      let node = 1
      for (let bit = 7; bit >= 0; bit--) {
        const value = (byte >>> bit) & 1
        const flip = ((flips[node >>> 3] as number) >>> (node & 7)) & 1
        mapped[index] = (mapped[index] as number) | ((value ^ flip) << bit)
        node = node * 2 + value
      }
    }
    return mapped
  }

  private flipsBehind(prefix: Uint8Array): Uint8Array {
    const key = prefix.join('.')
    const known = this.flips.get(key)
    if (known) return known
    const flips = Uint8Array.from(this.hash.ofBytes(utf8ToBytes(`flips ${key}`)))
    for (const block of this.unflipped) clearPath(flips, prefix, block)
    if (this.flips.size < MEMO_LIMIT) this.flips.set(key, flips)
    return flips
  }
}

/** Clears the flips on the path to a kept block, within the byte that follows a prefix. */
function clearPath(flips: Uint8Array, prefix: Uint8Array, {bytes, bits}: Prefix): void {
  const start = prefix.length * 8
  if (bits <= start || prefix.some((byte, index) => byte !== bytes[index])) return
  const byte = bytes[prefix.length] ?? 0
  let node = 1
  for (let bit = 7; bit >= 0 && start + 7 - bit < bits; bit--) {
    flips[node >>> 3] = (flips[node >>> 3] as number) & ~(1 << (node & 7))
    node = node * 2 + ((byte >>> bit) & 1)
  }
}

function isIn(address: Uint8Array, {bytes, bits}: Prefix): boolean {
  for (let bit = 0; bit < bits; bit++) {
    const mask = 128 >>> (bit & 7)
    if ((((address[bit >>> 3] ?? 0) ^ (bytes[bit >>> 3] ?? 0)) & mask) !== 0) return false
  }
  return true
}
