import {type Ipv4Block, parseIpv4Block, printIpv4} from '../net/ipv4.ts'

/**
 * A member of a set, taken apart. Sets keep their members as texts, because a large cluster has a million of them; they are
 * taken apart when somebody looks at them.
 */
export interface Member {
  /** All but the word that makes it an exception: two members with one entry are one to the kernel. */
  readonly entry: string
  /** `10.0.0.1` or `10.0.0.0/8`; of a list's member the name of a set. */
  readonly subject: string
  /** Of `10.0.0.1,tcp:80`. */
  readonly port?: {readonly protocol: string; readonly number: number}
  /** Whether addresses in this block are not in the set, whatever wider block holds them. */
  readonly isException: boolean
}

const EXCEPTION = ' nomatch'

/**
 * Takes a member apart.
 *
 * @param text as ipset prints it: an entry, and ` nomatch` behind an exception. Words that only ipset needs may follow.
 * Source: ipset(8), hash:net, hash:ip,port, list:set.
 */
export function parseMember(text: string): Member {
  const entry = entryOf(text)
  const isException = entry.length < text.length && text.includes(EXCEPTION, entry.length)
  const comma = entry.indexOf(',')
  if (comma < 0) return {entry, subject: entry, isException}
  return {entry, subject: entry.slice(0, comma), port: parsePort(entry.slice(comma + 1)), isException}
}

/** The entry of a member, without taking it apart further. */
export function entryOf(text: string): string {
  const space = text.indexOf(' ')
  return space < 0 ? text : text.slice(0, space)
}

/** `tcp:80`, or `80`, which means tcp. */
function parsePort(text: string): NonNullable<Member['port']> {
  const colon = text.indexOf(':')
  if (colon < 0) return {protocol: 'tcp', number: Number(text)}
  return {protocol: text.slice(0, colon).toLowerCase(), number: Number(text.slice(colon + 1))}
}

/** The addresses that a member is about; undefined for the name of a set and for addresses that are not IPv4. */
export const blockOf = ({subject}: Pick<Member, 'subject'>): Ipv4Block | undefined => parseIpv4Block(subject)

/** An address in a block, and the first one behind it: on either side of its edge. The whole internet has no address behind it. */
export const edgesOf = ({base, prefix}: Ipv4Block): number[] =>
  prefix > 0 && prefix < 32 ? [base, (base + 2 ** (32 - prefix)) >>> 0] : [base]

/** The member as the kernel keeps it: `10.1.2.3/8` and `10.0.0.0/8` are one, and so are `TCP:80` and `tcp:80`. */
export function canonicalMember(text: string): string {
  const {entry, isException} = parseMember(text)
  const canonical = canonicalEntry(entry)
  return isException ? canonical + EXCEPTION : canonical
}

/** What the kernel knows a member by, whether it is an exception or not. */
export function canonicalEntry(entry: string): string {
  const block = entry.includes('/') ? parseIpv4Block(entry) : undefined
  if (!block) return entry.toLowerCase()
  return printIpv4(block.base) + (block.prefix === 32 ? '' : `/${block.prefix}`)
}

/** A member as ipset prints it, without what only ipset needs. */
export const memberText = ({entry, nomatch}: {readonly entry: string; readonly nomatch: boolean}): string =>
  nomatch ? entry + EXCEPTION : entry
