import type {Truth} from './truth.ts'

/**
 * IP protocols by the names that iptables, ipset and the kernel's tools print, in lower case. Source: /etc/protocols of Debian and
 * `xtables_chain_protos` of iptables.
 */
const NUMBERS: Readonly<Record<string, number>> = {
  ip: 0,
  hopopt: 0,
  icmp: 1,
  igmp: 2,
  ggp: 3,
  ipencap: 4,
  ipv4: 4,
  st: 5,
  tcp: 6,
  egp: 8,
  igp: 9,
  pup: 12,
  udp: 17,
  hmp: 20,
  'xns-idp': 22,
  rdp: 27,
  'iso-tp4': 29,
  dccp: 33,
  xtp: 36,
  ddp: 37,
  'idpr-cmtp': 38,
  ipv6: 41,
  'ipv6-route': 43,
  'ipv6-frag': 44,
  idrp: 45,
  rsvp: 46,
  gre: 47,
  esp: 50,
  'ipsec-esp': 50,
  ah: 51,
  'ipsec-ah': 51,
  skip: 57,
  icmpv6: 58,
  'ipv6-icmp': 58,
  'ipv6-nonxt': 59,
  'ipv6-opts': 60,
  rspf: 73,
  vmtp: 81,
  eigrp: 88,
  ospf: 89,
  'ax.25': 93,
  ipip: 94,
  etherip: 97,
  encap: 98,
  pim: 103,
  ipcomp: 108,
  vrrp: 112,
  l2tp: 115,
  isis: 124,
  sctp: 132,
  fc: 133,
  mh: 135,
  'ipv6-mh': 135,
  'mobility-header': 135,
  udplite: 136,
  'mpls-in-ip': 137,
  manet: 138,
  hip: 139,
  shim6: 140,
  wesp: 141,
  rohc: 142,
  ethernet: 143,
}

/** The number of a protocol given by name or number; undefined for what is neither. */
export function protocolNumber(text: string): number | undefined {
  if (Object.hasOwn(NUMBERS, text)) return NUMBERS[text]
  const number = Number(text)
  return text !== '' && Number.isInteger(number) && number >= 0 && number <= 255 ? number : undefined
}

/** Protocols that everybody calls the same. */
const WELL_KNOWN: ReadonlySet<number | undefined> = new Set([1, 6, 17, 132])

/**
 * Whether a packet's protocol is the one that a condition names. 0 is every protocol. Which one a name means that is not in the
 * table is not known, but it is none of tcp, udp, sctp and icmp.
 */
export function protocolHolds(named: string, protocol: string): Truth {
  if (named === protocol || named === 'all') return true
  const number = protocolNumber(named)
  if (number === 0) return true
  const own = protocolNumber(protocol)
  if (number !== undefined) return number === own
  return WELL_KNOWN.has(own) ? false : 'unknown'
}

/** The name of a protocol given by number, or the number as text where it has none. */
export const protocolName = (number: string): string =>
  Object.keys(NUMBERS).find(name => String(NUMBERS[name]) === number) ?? number
