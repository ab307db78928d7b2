import {blockHolds, type Ipv4Block, parseIpv4Block} from './ipv4.ts'

const blocks = (texts: readonly string[]): readonly Ipv4Block[] => texts.flatMap(text => parseIpv4Block(text) ?? [])

const RESERVED = blocks(['0.0.0.0/8', '127.0.0.0/8', '192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/3'])
const PRIVATE = blocks(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16'])

/** Whether no pod, node or service can have an address. Source: RFC 6890, special-purpose addresses; RFC 1112, multicast and above. */
export const isReservedAddress = (address: number): boolean => RESERVED.some(block => blockHolds(block, address))

/** Whether an address is of a range that networks number themselves with, as those of nodes are. Source: RFC 1918, 6598, 3927. */
export const isPrivateAddress = (address: number): boolean => PRIVATE.some(block => blockHolds(block, address))
