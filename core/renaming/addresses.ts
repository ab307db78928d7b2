import ipaddr from 'ipaddr.js'
import {parseIpv4} from '../net/ipv4.ts'
import type {KeyedHash} from './keyed-hash.ts'
import {type Prefix, PrefixMap} from './prefix-map.ts'

/** Blocks that mean the same in every cluster. Their addresses stay, as they say nothing about this one. */
const KEPT_IPV4 = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  // Link-local: the metadata service, a CNI's gateway, the node's DNS cache.
  '169.254.0.0/16',
  // Azure's wire server.
  '168.63.129.16/32',
  // For documentation (RFC 5737). Our answers take addresses outside of the cluster from them.
  '192.0.2.0/24',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
]
/** Blocks that are mapped onto themselves: a private address becomes another private address. */
const HELD_IPV4 = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10']
const KEPT_IPV6 = ['::/127', 'ff00::/8', '2001:db8::/32']
const HELD_IPV6 = ['fc00::/7', 'fe80::/10', '2000::/3', '64:ff9b::/96']

const prefixOf = (block: string): Prefix => {
  const [address, bits] = ipaddr.parseCIDR(block)
  return {bytes: address.toByteArray(), bits}
}

/**
 * Replaces addresses and CIDR blocks. An address in a block is afterwards in the block's replacement. Addresses that mean the
 * same in every cluster stay.
 */
export class Addresses {
  private readonly four: PrefixMap
  private readonly six: PrefixMap
  private readonly memo = new Map<string, string>()

  constructor(hash: KeyedHash) {
    this.four = new PrefixMap(hash.derive('ipv4'), KEPT_IPV4.map(prefixOf), HELD_IPV4.map(prefixOf))
    this.six = new PrefixMap(hash.derive('ipv6'), KEPT_IPV6.map(prefixOf), HELD_IPV6.map(prefixOf))
  }

  /**
   * Replaces an address or a CIDR block, as iptables, ipset or Kubernetes write it.
   *
   * @returns undefined for any other text
   */
  map(text: string): string | undefined {
    const known = this.memo.get(text)
    if (known !== undefined) return known
    const mapped = this.mapped(text)
    if (mapped !== undefined) this.memo.set(text, mapped)
    return mapped
  }

  private mapped(text: string): string | undefined {
    const slash = text.indexOf('/')
    const address = slash < 0 ? text : text.slice(0, slash)
    const tail = slash < 0 ? '' : text.slice(slash)
    const isFour = parseIpv4(address) !== undefined
    if (!isFour && !(address.includes(':') && ipaddr.IPv6.isValid(address) && !address.includes('%'))) return undefined
    // Old tools print a netmask in place of a prefix length.
    if (tail !== '' && !/^\/\d{1,3}$/.test(tail) && parseIpv4(tail.slice(1)) === undefined) return undefined
    if (tail === '/0') return text
    const bytes = Uint8Array.from(ipaddr.parse(address).toByteArray())
    if (isFour) return this.four.map(bytes).join('.') + tail
    return ipaddr.fromByteArray(Array.from(this.six.map(bytes))).toString() + tail
  }
}
