const [ZERO, NINE, DOT] = [0x30, 0x39, 0x2e]

/**
 * Parses an IPv4 address to an unsigned 32-bit number; undefined for anything else (IPv6, octal notation, names). It runs for
 * each pod and each member, so it is a single pass without a regular expression.
 */
export function parseIpv4(text: string): number | undefined {
  let value = 0
  let part = -1
  let dots = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === DOT) {
      if (part < 0 || ++dots > 3) return undefined
      value = value * 256 + part
      part = -1
    } else if (code >= ZERO && code <= NINE) {
      // Leading zeros are ambiguous: programs read 010 as eight or as ten.
      if (part === 0) return undefined
      part = part < 0 ? code - ZERO : part * 10 + (code - ZERO)
      if (part > 255) return undefined
    } else return undefined
  }
  return part >= 0 && dots === 3 ? value * 256 + part : undefined
}

/** Prints an address that is a 32-bit number, the inverse of `parseIpv4`. */
export const printIpv4 = (value: number): string =>
  `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`

/** An IPv4 block: `base` is its first address as an unsigned 32-bit number, `prefix` a length from 0 to 32. */
export interface Ipv4Block {
  readonly base: number
  readonly prefix: number
}

/** Stands in place of an address that is not known. */
export const UNKNOWN_ADDRESS = -1

/** The mask of a prefix length as an unsigned 32-bit number. */
export const maskOf = (prefix: number): number => (prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0)

/** Parses `10.0.0.0/8`, or a single address as /32; undefined for anything else. Host bits are cleared, as the kernel does. */
export function parseIpv4Block(text: string): Ipv4Block | undefined {
  const slash = text.indexOf('/')
  const address = parseIpv4(slash < 0 ? text : text.slice(0, slash))
  const digits = slash < 0 ? '32' : text.slice(slash + 1)
  const prefix = Number(digits)
  if (address === undefined || !/^\d{1,2}$/.test(digits) || prefix > 32) return undefined
  return {base: (address & maskOf(prefix)) >>> 0, prefix}
}

/** Whether a block contains an address. */
export const blockHolds = ({base, prefix}: Ipv4Block, address: number): boolean => (address & maskOf(prefix)) >>> 0 === base

/** Addresses as rules name them: their bits under a mask, both unsigned 32-bit numbers. */
export interface MaskedAddress {
  readonly base: number
  readonly mask: number
}

/** Parses `10.0.0.1`, `10.0.0.0/8` and `10.0.0.1/255.0.0.255`, as iptables prints a mask that is no prefix. */
export function parseMaskedIpv4(text: string): MaskedAddress | undefined {
  const block = parseIpv4Block(text)
  if (block) return {base: block.base, mask: maskOf(block.prefix)}
  const [address = '', suffix = ''] = text.split('/')
  const base = parseIpv4(address)
  const mask = parseIpv4(suffix)
  return base === undefined || mask === undefined ? undefined : {base: (base & mask) >>> 0, mask}
}

/** The fewest blocks that together are a range of addresses, in order. Both ends are included; none for a range without a beginning. */
export function blocksBetween(from: number | undefined, to: number | undefined): string[] {
  const blocks: string[] = []
  if (from === undefined || to === undefined) return blocks
  for (let base = from; base <= to; ) {
    let prefix = 32
    while (prefix > 0 && base % 2 ** (33 - prefix) === 0 && base + 2 ** (33 - prefix) - 1 <= to) prefix--
    blocks.push(`${printIpv4(base)}/${prefix}`)
    base += 2 ** (32 - prefix)
  }
  return blocks
}
