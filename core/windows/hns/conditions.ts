import {type Ipv4Block, parseIpv4Block} from '../../net/ipv4.ts'
import type {Acl} from './model.ts'

/** What the fields of an access rule mean. Undefined stands for a text whose meaning is not known. */

/**
 * An address field. Which end of a packet it is about depends on what it holds: of literals `local` is the endpoint's side, but of sets
 * `local` is the packet's source and `remote` its destination, whatever the direction.
 */
export type AddressField =
  | {readonly kind: 'any'}
  /** One of these must hold the address. Those of IPv6 are in none. */
  | {readonly kind: 'literals'; readonly blocks: readonly Ipv4Block[]}
  /** Each of these must hold the address. */
  | {readonly kind: 'sets'; readonly ids: readonly string[]}
  /** Literals beside sets, which nobody writes and whose meaning is not known. */
  | {readonly kind: 'mixed'; readonly text: string}

export interface PortRange {
  readonly from: number
  readonly to: number
}

const itemsOf = (text: string): string[] => text.split(',').flatMap(each => each.trim() || [])

const IPV6 = /^[\da-f:.]*:[\da-f:.]*(?:\/\d+)?$/i

/** Whether an item of an address field is an address or a block, and no id of a set. */
export const isLiteral = (item: string): boolean => parseIpv4Block(item) !== undefined || IPV6.test(item)

/** Reads an address field. An absent or empty one matches every address. */
export function addressField(text: string | undefined): AddressField {
  const items = itemsOf(text ?? '')
  if (items.length === 0) return {kind: 'any'}
  const literals = items.filter(isLiteral)
  if (literals.length === items.length) return {kind: 'literals', blocks: items.flatMap(each => parseIpv4Block(each) ?? [])}
  return literals.length === 0 ? {kind: 'sets', ids: items} : {kind: 'mixed', text: items.join(',')}
}

const ANY_PROTOCOL = 256

/** The numbers of protocols that a rule names; `any` when it names none, or the number that stands for all. */
export function protocolsOf({protocols = ''}: Pick<Acl, 'protocols'>): readonly number[] | 'any' | undefined {
  const numbers = itemsOf(protocols).map(each => (/^\d{1,3}$/.test(each) ? Number(each) : NaN))
  if (numbers.length === 0 || numbers.includes(ANY_PROTOCOL)) return 'any'
  return numbers.some(each => Number.isNaN(each) || each > ANY_PROTOCOL) ? undefined : numbers
}

const HIGHEST_PORT = 65_535

/** The ports that a field names, single ones or ranges; `any` for an absent or empty field. Neighbours are one range. */
export function portsOf(text: string | undefined): readonly PortRange[] | 'any' | undefined {
  const items = itemsOf(text ?? '')
  if (items.length === 0) return 'any'
  const ranges: {from: number; to: number}[] = []
  for (const item of items) {
    const parts = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(item)
    const from = Number(parts?.[1])
    const to = Number(parts?.[2] ?? parts?.[1])
    if (!parts || to > HIGHEST_PORT || from > to) return undefined
    const last = ranges.at(-1)
    if (last && from === last.to + 1) last.to = to
    else ranges.push({from, to})
  }
  return ranges
}
