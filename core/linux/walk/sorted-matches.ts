import {parseIpv4Block} from '../../net/ipv4.ts'
import {parseMember} from '../../sets/member.ts'
import type {SetIndex} from '../../sets/set-index.ts'
import type {Match} from '../iptables/model.ts'
import {fieldsOf, type PacketField} from './match.ts'
import {askedSets} from './written-sets.ts'

const SERVICE: ReadonlySet<PacketField> = new Set(['protocol', 'port'])
/** The same for all packets of a domain at every hook: none has a known source port, and all come from outside the node. */
const FIXED: ReadonlySet<PacketField> = new Set(['sourcePort', 'in'])
const OF_ENDS_OR_SERVICE: ReadonlySet<PacketField> = new Set(['source', 'destination', ...SERVICE])
const isWithin = (fields: readonly PacketField[], those: ReadonlySet<PacketField>) => fields.every(field => those.has(field))

/** The conditions of a rule by what they look at. */
export interface SortedMatches {
  /** Whether one looks at what is not kept, so that it is unknown. */
  readonly isUncertain: boolean
  /** On nothing that packets of a domain differ in. */
  readonly fixed: readonly Match[]
  readonly senders: readonly Match[]
  readonly receivers: readonly Match[]
  readonly services: readonly Match[]
  readonly changing: readonly Match[]
  readonly mixed: readonly Match[]
  readonly senderMixed: readonly Match[]
}

/** Sorts the conditions of a rule by what they look at. Comments are none. */
export function sortMatches(matches: readonly Match[], sets: SetIndex): SortedMatches {
  let isUncertain = false
  const sorted = {fixed: [], senders: [], receivers: [], services: [], changing: [], mixed: [], senderMixed: []} as {
    [kind in Exclude<keyof SortedMatches, 'isUncertain'>]: Match[]
  }
  for (const match of matches) {
    if (match.kind === 'comment') continue
    const looked = fieldsOf(match, sets)
    const fields = looked.some(field => FIXED.has(field)) ? looked.filter(field => !FIXED.has(field)) : looked
    // The destination before translation is not kept, and no range of addresses is what a mask that is no prefix holds.
    if (fields.includes('original') || hasOddMask(match, sets)) isUncertain = true
    else if (fields.length === 0) sorted.fixed.push(match)
    else sorted[kindOf(fields)].push(match)
  }
  return {...sorted, isUncertain}
}

/** The conditions of a rule that look at one end alone. */
export const endConditionsOf = (matches: readonly Match[], sets: SetIndex): Pick<SortedMatches, 'senders' | 'receivers'> =>
  sortMatches(matches, sets)

function kindOf(fields: readonly PacketField[]): Exclude<keyof SortedMatches, 'isUncertain' | 'fixed'> {
  if (fields.includes('source')) return fields.every(field => field === 'source') ? 'senders' : 'senderMixed'
  if (fields.every(field => field === 'destination')) return 'receivers'
  if (isWithin(fields, SERVICE)) return 'services'
  return fields.some(field => OF_ENDS_OR_SERVICE.has(field)) ? 'mixed' : 'changing'
}

/** Whether a condition looks at some bits of addresses that are not the first ones, so that classes of addresses may not tell them apart. */
function hasOddMask(match: Match, sets: SetIndex): boolean {
  if (match.kind === 'address') return parseIpv4Block(match.block) === undefined
  const set = askedSets(match)[0]
  if (set === undefined) return false
  const known = oddSets.get(sets) ?? new Map<string, boolean>()
  oddSets.set(sets, known)
  let isOdd = known.get(set)
  if (isOdd === undefined) known.set(set, (isOdd = isOddSet(set, sets)))
  return isOdd
}

const oddSets = new WeakMap<SetIndex, Map<string, boolean>>()

function isOddSet(name: string, sets: SetIndex): boolean {
  const set = sets.set(name)
  if (set?.type !== 'list:set') return set?.header?.has('bitmask') === true
  for (const member of set.members) if (sets.set(parseMember(member).subject)?.header?.has('bitmask')) return true
  return false
}
