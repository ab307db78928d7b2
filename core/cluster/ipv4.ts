import ipaddr from 'ipaddr.js'

/** An IPv4 address as an unsigned 32-bit number, or undefined for anything else (IPv6, octal notation, names). */
export function parseIpv4(text: string): number | undefined {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text)) return undefined
  let value = 0
  for (const part of text.split('.')) value = value * 256 + Number(part)
  return value
}

/** The address of a number that `parseIpv4` gave. */
export const printIpv4 = (value: number): string =>
  `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`

/** An IPv4 block. `base` has no bits beyond the prefix. */
export interface Ipv4Block {
  readonly base: number
  readonly prefix: number
}

const maskOf = (prefix: number): number => (prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0)

/** Reads `10.0.0.0/8`, or an address alone as /32. Bits beyond the prefix are dropped, as the kernel does. */
export function parseIpv4Block(text: string): Ipv4Block | undefined {
  const slash = text.indexOf('/')
  const address = parseIpv4(slash < 0 ? text : text.slice(0, slash))
  const digits = slash < 0 ? '32' : text.slice(slash + 1)
  const prefix = Number(digits)
  if (address === undefined || !/^\d{1,2}$/.test(digits) || prefix > 32) return undefined
  return {base: (address & maskOf(prefix)) >>> 0, prefix}
}

/** Whether a block holds an address. */
export const blockHolds = ({base, prefix}: Ipv4Block, address: number): boolean => (address & maskOf(prefix)) >>> 0 === base
