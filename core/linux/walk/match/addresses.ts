import {isReservedAddress} from '../../../net/address-ranges.ts'
import {type MaskedAddress, maskOf, parseIpv4, UNKNOWN_ADDRESS} from '../../../net/ipv4.ts'
import type {Truth} from '../../../net/truth.ts'
import type {Host, Passing} from '../passing.ts'
import {type Condition, condition, constant, eachOption, type ModuleReader, negatable} from './condition.ts'
import type {Option} from './options.ts'

type End = 'source' | 'destination'

/** Whether an address is one of those. */
export const isAmong = ({base, mask}: MaskedAddress, address: number): Truth =>
  address === UNKNOWN_ADDRESS ? mask === 0 || 'unknown' : (address & mask) >>> 0 === base

function rangeOf(end: End): (option: Option) => Condition | undefined {
  return option => {
    const [from, to] = option.value.split('-').map(parseIpv4)
    if (from === undefined || to === undefined) return undefined
    return negatable(
      option,
      condition([end], packet => {
        const address = packet[end]
        if (address === UNKNOWN_ADDRESS) return 'unknown'
        return address >= from && address <= to
      }),
    )
  }
}

export const iprange: ModuleReader = eachOption({'src-range': rangeOf('source'), 'dst-range': rangeOf('destination')})

/** What the kernel takes an address for, by the routes of its table `local`. Whatever is not in it is `UNICAST`. */
type AddressType = 'UNICAST' | 'LOCAL' | 'BROADCAST' | 'MULTICAST' | 'unknown'

const LOOPBACK: MaskedAddress = {base: 0x7f000000, mask: maskOf(8)}
const LOOPBACK_BROADCAST = 0x7fffffff
const MULTICAST: MaskedAddress = {base: 0xe0000000, mask: maskOf(4)}
const ALL_HOSTS = 0xffffffff

/** @param isForeign whether the packet's way tells that this is no address of the node's own */
function typeOf(address: number, host: Host, isForeign: boolean): AddressType {
  if (address === UNKNOWN_ADDRESS) return 'unknown'
  if (address === 0 || address === ALL_HOSTS) return 'BROADCAST'
  if (isAmong(MULTICAST, address) === true) return 'MULTICAST'
  if (isAmong(LOOPBACK, address) === true) return address === LOOPBACK_BROADCAST ? 'BROADCAST' : 'LOCAL'
  const isOwn = host.isOwn(address)
  if (isOwn === true) return 'LOCAL'
  return isForeign || host.isElsewhere(address) || isReservedAddress(address) ? 'UNICAST' : 'unknown'
}

/** Types that only other tables of routes give, in which the kernel does not look here. */
const NEVER: ReadonlySet<string> = new Set([
  'UNSPEC',
  'ANYCAST',
  'BLACKHOLE',
  'UNREACHABLE',
  'PROHIBIT',
  'THROW',
  'NAT',
  'XRESOLVE',
])
const KNOWN: ReadonlySet<string> = new Set(['UNICAST', 'LOCAL', 'BROADCAST', 'MULTICAST'])

function typeCondition(end: End, isLimited: boolean): (option: Option) => Condition | undefined {
  return option => {
    const wanted = option.value.split(',')
    if (!wanted.every(type => KNOWN.has(type) || NEVER.has(type))) return undefined
    if (wanted.every(type => NEVER.has(type))) return constant(option.negated)
    return negatable(
      option,
      condition([end, 'in', 'out'], (packet: Passing) => {
        // The kernel takes no packet from elsewhere that claims to come from itself, and forwards none to itself.
        const isForeign =
          packet.host.onlyForwards === true || (packet.in === 'other' && (end === 'source' || packet.out === 'other'))
        const type = typeOf(packet[end], packet.host, isForeign)
        // Of which interface an address is, is not known: of another one it counts as UNICAST.
        if (type === 'unknown' || (isLimited && type !== 'UNICAST')) return 'unknown'
        return wanted.includes(type)
      }),
    )
  }
}

export const addrtype: ModuleReader = options => {
  const isLimited = options.some(({name}) => name.startsWith('limit-iface-'))
  const types = options.filter(({name}) => !name.startsWith('limit-iface-'))
  return eachOption({
    'src-type': typeCondition('source', isLimited),
    'dst-type': typeCondition('destination', isLimited),
  })(types)
}

/**
 * Whether the answer would leave by the interface that the packet came from. So it is for what comes from the loopback interface, and
 * from an address of the cluster; of any other it is not known.
 */
export const rpfilter: ModuleReader = options => {
  const isInverted = options.some(({name}) => name === 'invert')
  return condition(['source', 'in'], ({source, in: from, host}) => {
    if (from === 'lo') return !isInverted
    return from === 'other' && host.isElsewhere(source) ? !isInverted : 'unknown'
  })
}

/** Packets between addresses of the cluster are not in IPsec: Azure's networks encrypt none. Of others it is not known. */
export const policy: ModuleReader = options => {
  const kind = options.find(({name}) => name === 'pol')?.value
  if (kind !== 'none' && kind !== 'ipsec') return constant('unknown')
  return condition(['source', 'destination'], ({source, destination, host}) =>
    host.isElsewhere(source) && host.isElsewhere(destination) ? kind === 'none' : 'unknown',
  )
}
