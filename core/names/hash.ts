import {sha256} from '@noble/hashes/sha2.js'
import {bytesToHex, utf8ToBytes} from '@noble/hashes/utils.js'
import {LONGEST_SHORT, shortSha256} from './short-sha256.ts'

/** How Azure NPM hashes names to kernel names: older releases by 32-bit FNV-1a in decimal, newer ones by SHA-256 in base 36. */
export const schemes = ['fnv32a', 'sha256'] as const
export type Scheme = (typeof schemes)[number]

/**
 * 32-bit FNV-1a of the UTF-8 bytes of a text.
 *
 * @returns an unsigned 32-bit integer
 * Source: draft-eastlake-fnv, offset basis 0x811c9dc5, prime 0x01000193.
 */
export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    // Nearly every name is ASCII, which needs no encoder.
    if (unit > 0x7f) return fnv1a32Bytes(utf8ToBytes(text))
    hash = Math.imul(hash ^ unit, 0x01000193)
  }
  return hash >>> 0
}

function fnv1a32Bytes(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}

/**
 * The SHA-256 digest of a text's UTF-8 bytes, read as one big-endian integer.
 * In base 36, names of sets are its first digits, and names of chains its last.
 */
export function sha256Integer(text: string): bigint {
  if (text.length <= LONGEST_SHORT && isAscii(text)) return shortSha256(text)
  return BigInt(`0x${bytesToHex(sha256(utf8ToBytes(text)))}`)
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false
  return true
}
