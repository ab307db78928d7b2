import {isIpv4} from '../cluster/counted-pod.ts'
import type {PolicyPeer} from '../cluster/objects.ts'
import type {Semantics} from './program.ts'
import type {Refusals} from './refusal.ts'

/** An IPv4 block with its host bits cleared. */
interface Block {
  readonly address: number
  readonly bits: number
}

type ReadBlock = Block | 'ipv6' | 'bad'

/** Reads a block as Azure NPM does; an address alone is a block of one. */
export function readBlock(text: string): ReadBlock {
  const [address = '', bitsText, ...rest] = text.split('/')
  if (/^[\da-f]*:[\da-f]*:[\da-f:.]*$/i.test(address)) return 'ipv6'
  if (!isIpv4(address) || rest.length > 0) return 'bad'
  if (bitsText !== undefined && !/^\d{1,2}$/.test(bitsText)) return 'bad'
  const bits = bitsText === undefined ? 32 : Number(bitsText)
  if (bits > 32) return 'bad'
  return {address: masked(numberOf(address), bits), bits}
}

const numberOf = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)

const masked = (address: number, bits: number): number => (bits === 0 ? 0 : (address & (-1 << (32 - bits))) >>> 0)

/** A block as ipset prints it. */
function printBlock({address, bits}: Block): string {
  const text = [24, 16, 8, 0].map(shift => (address >>> shift) & 255).join('.')
  return bits === 32 ? text : `${text}/${bits}`
}

const covers = (wide: Block, narrow: Block): boolean =>
  wide.bits <= narrow.bits && masked(narrow.address, wide.bits) === wide.address

/** hash:net takes no /0, so Azure NPM writes the halves of it. */
const halves: readonly Block[] = [
  {address: 0, bits: 1},
  {address: 0x80000000, bits: 1},
]

/**
 * The members of the set of one `ipBlock`: the block, then its exceptions. Of two that are the same block to the kernel the
 * later one stands, as with `ipset restore`.
 *
 * @returns undefined when the peer is left out of its rule: it was refused, or no IPv4 packet can match it
 */
export function blockMembers(
  {cidr, except = []}: NonNullable<PolicyPeer['ipBlock']>,
  semantics: Semantics,
  field: string,
  refusals: Refusals,
): string[] | undefined {
  const block = readBlock(cidr)
  if (block === 'ipv6' && semantics === 'kubernetes') return undefined
  if (block === 'ipv6') return refuse('IPV6_BLOCK', `${cidr} is an IPv6 block, and Azure NPM knows IPv4 only`)
  if (block === 'bad') return refuse('BAD_BLOCK', `${cidr} is not an IPv4 block`)
  if (block.bits === 0 && cidr !== '0.0.0.0/0' && semantics === 'npm')
    return refuse('BAD_BLOCK', `${cidr} has a mask of 0 bits, which Azure NPM takes only as 0.0.0.0/0`)
  const exceptions = readExceptions(except, semantics, field, refusals)
  if (semantics === 'kubernetes' && exceptions.some(exception => covers(exception, block))) return []
  const members = new Map<string, boolean>()
  for (const part of block.bits === 0 ? halves : [block]) members.set(printBlock(part), false)
  for (const exception of exceptions) members.set(printBlock(exception), true)
  return [...members].map(([text, isException]) => (isException ? `${text} nomatch` : text))

  function refuse(code: 'IPV6_BLOCK' | 'BAD_BLOCK', reason: string): undefined {
    refusals.add(code, `${field}.cidr`, reason)
  }
}

function readExceptions(except: readonly string[], semantics: Semantics, field: string, refusals: Refusals): Block[] {
  const blocks: Block[] = []
  for (const [index, text] of except.entries()) {
    const block = readBlock(text)
    // An IPv6 block excludes nothing from an IPv4 one.
    if (block === 'ipv6' && semantics === 'kubernetes') continue
    if (block === 'ipv6' || block === 'bad' || (block.bits === 0 && semantics === 'npm'))
      refusals.add('BAD_EXCEPT', `${field}.except[${index}]`, `${text} is not an IPv4 block that a set can hold`)
    else blocks.push(block)
  }
  return blocks
}
