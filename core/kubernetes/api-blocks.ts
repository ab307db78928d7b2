/**
 * Address blocks as the API server reads them: as Go did before 1.17, with leading zeros, and IPv4 addresses in IPv6 form.
 * Source: k8s.io/utils/net, ParseCIDRSloppy.
 */

/** A block, with the number of bits that its text gives. */
export interface ApiBlock {
  /** All bits of the address as written, 32 or 128. An IPv4 address in IPv6 form has 128. */
  readonly address: bigint
  readonly width: 32 | 128
  readonly prefix: number
  /** Why Kubernetes refuses it since 1.36. Releases before warn. */
  readonly strictFault?: string
  /** How it should be written, if not as it is (RFC 5952). */
  readonly canonical?: string
}

const MAPPED = 0xffffn

/** @returns undefined for a text that is no block */
export function parseApiBlock(text: string): ApiBlock | undefined {
  const slash = text.indexOf('/')
  if (slash < 0 || !/^\d+$/.test(text.slice(slash + 1))) return undefined
  const [host, mask] = [text.slice(0, slash), text.slice(slash + 1)]
  const ipv4 = parseIpv4Parts(host)
  const address = ipv4 ?? parseIpv6(host)
  if (address === undefined) return undefined
  const width = ipv4 === undefined ? 128 : 32
  const prefix = Number(mask)
  if (prefix > width) return undefined
  const block = {address, width, prefix} as const
  const strictFault = strictFaultOf(host, mask, block)
  if (strictFault !== undefined) return {...block, strictFault}
  const canonical = width === 32 ? text : `${printIpv6(address)}/${prefix}`
  return canonical === text ? block : {...block, canonical}
}

function strictFaultOf(host: string, mask: string, block: ApiBlock): string | undefined {
  // In IPv6 leading zeros are allowed, except in an IPv4 address at the end.
  if (/(^|[.:])0\d+\./.test(host) || /\.0\d/.test(host) || /^0\d/.test(mask)) return 'it has leading zeros'
  if (block.width === 128 && block.address >> 32n === MAPPED) return 'it is an IPv4 address in IPv6 form'
  return masked(block) === block.address ? undefined : 'it has bits behind its mask, so a block or a single address may be meant'
}

/** The form of RFC 5952: small letters, no leading zeros, `::` for the longest run of zeros. */
function printIpv6(address: bigint): string {
  const groups = Array.from({length: 8}, (_, index) => Number((address >> BigInt(112 - index * 16)) & 0xffffn).toString(16))
  let [start, length] = [0, 0]
  for (let at = 0; at < 8; at++) {
    let end = at
    while (end < 8 && groups[end] === '0') end++
    if (end - at > length) [start, length] = [at, end - at]
  }
  if (length < 2) return groups.join(':')
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`
}

function parseIpv4Parts(text: string): bigint | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every(part => /^\d+$/.test(part) && Number(part) <= 255)) return undefined
  return parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n)
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const groups = halves.map(half => groupsOf(half))
  const [left, right] = groups
  if (!left || (halves.length === 2 && !right)) return undefined
  const count = left.length + (right?.length ?? 0)
  if (right ? count > 7 : count !== 8) return undefined
  const all = right ? [...left, ...Array<bigint>(8 - count).fill(0n), ...right] : left
  return all.reduce((sum, group) => sum * 65536n + group, 0n)
}

/** The 16 bits between colons; the last may be an IPv4 address, which has 32. */
function groupsOf(text: string): bigint[] | undefined {
  if (text === '') return []
  const groups: bigint[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    const ipv4 = index === parts.length - 1 && part.includes('.') ? parseIpv4Parts(part) : undefined
    if (ipv4 !== undefined) groups.push(ipv4 >> 16n, ipv4 & 0xffffn)
    else if (/^[0-9a-fA-F]+$/.test(part) && Number.parseInt(part, 16) <= 0xffff) groups.push(BigInt(`0x${part}`))
    else return undefined
  }
  return groups
}

const masked = ({address, width, prefix}: ApiBlock): bigint => {
  const host = BigInt(width - prefix)
  return (address >> host) << host
}

/** An address in IPv6 form that is an IPv4 one has the 32 bits of that. */
const comparable = (address: bigint, width: 32 | 128): {address: bigint; width: 32 | 128} =>
  width === 128 && address >> 32n === MAPPED ? {address: address & 0xffffffffn, width: 32} : {address, width}

/** Whether `inner` is a part of `outer`, and smaller, as the API server compares them. */
export function isStrictSubset(inner: ApiBlock, outer: ApiBlock): boolean {
  if (outer.prefix >= inner.prefix) return false
  const base = comparable(masked(outer), outer.width)
  const address = comparable(masked(inner), inner.width)
  if (base.width !== address.width) return false
  const prefix = outer.width === 128 && base.width === 32 ? outer.prefix - 96 : outer.prefix
  const host = BigInt(base.width - prefix)
  return base.address >> host === address.address >> host
}
