import {type Ipv4Block, parseIpv4Block, printIpv4} from '../net/ipv4.ts'

/**
 * A parsed member of a set. Sets keep their members as texts, because a large cluster has a million of them. Members are parsed on
 * use.
 */
export interface Member {
  /** The member without `nomatch`. The kernel treats members with one entry as the same member. */
  readonly entry: string
  /** `10.0.0.1` or `10.0.0.0/8`; for a member of a list the kernel name of a set. */
  readonly subject: string
  /** Only for `hash:ip,port`: `10.0.0.1,tcp:80`. */
  readonly port?: {readonly protocol: string; readonly number: number}
  /** Whether the addresses of this block are excluded, even if a wider block contains them. */
  readonly isException: boolean
}

const EXCEPTION = ' nomatch'

/**
 * Parses a member.
 *
 * @param text as ipset prints it: an entry, followed by ` nomatch` if it is an exception. Other options of ipset may follow.
 * Source: ipset(8), hash:net, hash:ip,port, list:set.
 */
export function parseMember(text: string): Member {
  const entry = entryOf(text)
  const isException = entry.length < text.length && text.includes(EXCEPTION, entry.length)
  const comma = entry.indexOf(',')
  if (comma < 0) return {entry, subject: entry, isException}
  return {entry, subject: entry.slice(0, comma), port: parsePort(entry.slice(comma + 1)), isException}
}

/** The entry of a member; cheaper than `parseMember`. */
export function entryOf(text: string): string {
  const space = text.indexOf(' ')
  return space < 0 ? text : text.slice(0, space)
}

/** Parses `tcp:80` or `80`; the default is tcp. */
function parsePort(text: string): NonNullable<Member['port']> {
  const colon = text.indexOf(':')
  if (colon < 0) return {protocol: 'tcp', number: Number(text)}
  return {protocol: text.slice(0, colon).toLowerCase(), number: Number(text.slice(colon + 1))}
}

/** The IPv4 block of a member; undefined for names of sets and for other addresses. */
export const blockOf = ({subject}: Pick<Member, 'subject'>): Ipv4Block | undefined => parseIpv4Block(subject)

/** The first address of a block, and the first one after the block. A /32 and a /0 give only their own first address. */
export const edgesOf = ({base, prefix}: Ipv4Block): number[] =>
  prefix > 0 && prefix < 32 ? [base, (base + 2 ** (32 - prefix)) >>> 0] : [base]

/** The member as the kernel stores it: `10.1.2.3/8` becomes `10.0.0.0/8`, and `TCP:80` becomes `tcp:80`. */
export function canonicalMember(text: string): string {
  const {entry, isException} = parseMember(text)
  const canonical = canonicalEntry(entry)
  return isException ? canonical + EXCEPTION : canonical
}

/** The entry as the kernel stores it; equal for a block and the exception of that block. */
export function canonicalEntry(entry: string): string {
  const block = entry.includes('/') ? parseIpv4Block(entry) : undefined
  if (!block) return entry.toLowerCase()
  return printIpv4(block.base) + (block.prefix === 32 ? '' : `/${block.prefix}`)
}

/** A member as ipset prints it, without further options. */
export const memberText = ({entry, nomatch}: {readonly entry: string; readonly nomatch: boolean}): string =>
  nomatch ? entry + EXCEPTION : entry
