import type {PolicyPeer} from '../kubernetes/objects.ts'
import {blockHolds, type Ipv4Block, parseIpv4Block, printIpv4} from '../net/ipv4.ts'
import type {Semantics} from './program.ts'
import type {ReleaseFacts} from './release.ts'
import type {UnsupportedList} from './unsupported.ts'

const IPV6 = /^[\da-f]*:[\da-f]*:[\da-f:.]*(?:\/\d+)?$/i

/** Reads a block as Azure NPM does; an address alone is a block of one. */
const readBlock = (text: string): Ipv4Block | 'ipv6' | 'bad' => parseIpv4Block(text) ?? (IPV6.test(text) ? 'ipv6' : 'bad')

/** A block as ipset prints it. */
export const printBlock = ({base, prefix}: Ipv4Block): string =>
  prefix === 32 ? printIpv4(base) : `${printIpv4(base)}/${prefix}`

const covers = (wide: Ipv4Block, narrow: Ipv4Block): boolean => wide.prefix <= narrow.prefix && blockHolds(wide, narrow.base)

/** hash:net takes no /0, so Azure NPM writes 0.0.0.0/0 as its two halves. */
const halves: readonly Ipv4Block[] = [
  {base: 0, prefix: 1},
  {base: 0x80000000, prefix: 1},
]

/** The members with which a set holds a block. */
export const membersOf = (block: Ipv4Block): string[] => (block.prefix === 0 ? halves : [block]).map(printBlock)

/**
 * The members that one `ipBlock` adds to its set: the block, then its exceptions. Equal blocks are not merged here: old releases
 * keep several blocks in one set, so `programSet` merges them when it has all members.
 *
 * @param field of the `ipBlock` in the policy; refusals name it
 * @param refusals of the context: receives what is wrong with the block or its exceptions
 * @returns members as ipset prints them, or undefined when the rule has no such peer: the block was refused, or no IPv4 packet
 *   can match it
 */
export function blockMembers(
  {cidr, except = []}: NonNullable<PolicyPeer['ipBlock']>,
  semantics: Semantics,
  field: string,
  {refusals, release}: {readonly refusals: UnsupportedList; readonly release: Pick<ReleaseFacts, 'checksBlocks'>},
): string[] | undefined {
  const block = readBlock(cidr)
  if (block === 'ipv6' && semantics === 'kubernetes') return undefined
  // Older releases write every block, and go on where ipset refuses a member: the set and its rule are there, and hold nobody.
  if (!release.checksBlocks && semantics === 'npm' && isRefusedByIpset(block, cidr)) return []
  if (block === 'ipv6') return refuse('IPV6_BLOCK', `${cidr} is an IPv6 block, and Azure NPM knows IPv4 only`)
  if (block === 'bad') return refuse('BAD_BLOCK', `${cidr} is not an IPv4 block`)
  if (block.prefix === 0 && cidr !== '0.0.0.0/0' && semantics === 'npm')
    return refuse('BAD_BLOCK', `${cidr} has a mask of 0 bits, which Azure NPM takes only as 0.0.0.0/0`)
  const exceptions = readExceptions(except, semantics, field, refusals)
  if (semantics === 'kubernetes' && exceptions.some(exception => covers(exception, block))) return []
  return [...membersOf(block), ...exceptions.map(exception => `${printBlock(exception)} nomatch`)]

  function refuse(code: 'IPV6_BLOCK' | 'BAD_BLOCK', reason: string): undefined {
    refusals.add(code, `${field}.cidr`, reason)
  }
}

/** Whether `hash:net` of IPv4 cannot hold a block, however NPM writes it. */
const isRefusedByIpset = (block: ReturnType<typeof readBlock>, cidr: string): boolean =>
  block === 'ipv6' || (block !== 'bad' && block.prefix === 0 && cidr !== '0.0.0.0/0')

function readExceptions(except: readonly string[], semantics: Semantics, field: string, refusals: UnsupportedList): Ipv4Block[] {
  const blocks: Ipv4Block[] = []
  for (const [index, text] of except.entries()) {
    const block = readBlock(text)
    // An IPv6 block excludes nothing from an IPv4 one.
    if (block === 'ipv6' && semantics === 'kubernetes') continue
    if (block === 'ipv6' || block === 'bad' || (block.prefix === 0 && semantics === 'npm'))
      refusals.add('BAD_EXCEPT', `${field}.except[${index}]`, `${text} is not an IPv4 block that a set can hold`)
    else blocks.push(block)
  }
  return blocks
}
