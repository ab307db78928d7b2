import {setTypeFacts} from '../names/set-name.ts'
import type {BuiltSet} from './built-set.ts'
import type {ProgramSet} from './program.ts'

/**
 * Builds one kernel set.
 *
 * @param claims sets whose names hash to it, nearly always one. If there are several, those of the first one's type become one set
 *   with the members of all. The kernel refuses to create the others.
 * @param hasRepeats whether a set may contain an entry more than once
 */
export function programSet(claims: readonly BuiltSet[], hasRepeats: boolean): ProgramSet {
  const first = claims[0] as BuiltSet
  const merged = claims.length === 1 ? claims : claims.filter(claim => isMergedWith(claim, first))
  const {ipsetType} = setTypeFacts[first.named.type]
  const {hashed: name, kernelName, named} = first
  const set: ProgramSet = {name, kernelName, type: named.type, ipsetType, members: membersOf(merged, hasRepeats)}
  return merged.length > 1 ? {...set, names: merged.map(({hashed}) => hashed)} : set
}

/** Whether two sets that claim one kernel name become one set. Otherwise the kernel refuses the second. */
export function isMergedWith(set: BuiltSet, other: BuiltSet): boolean {
  const isBlocks = set.named.type === 'CIDRBlocks'
  // CIDR sets have a larger maxelem, so ipset refuses to create one in place of another.
  if (isBlocks !== (other.named.type === 'CIDRBlocks')) return false
  return setTypeFacts[set.named.type].ipsetType === setTypeFacts[other.named.type].ipsetType
}

function membersOf(sets: readonly BuiltSet[], hasRepeats: boolean): string[] {
  const [first] = sets as [BuiltSet, ...BuiltSet[]]
  if (setTypeFacts[first.named.type].kind === 'list') return [...new Set(sets.flatMap(kernelParts))]
  if (first.named.type === 'CIDRBlocks') return distinctBlocks(sets.flatMap(({entries}) => entries))
  // A Set of all entries would be by far the most expensive step: there may be hundreds of thousands.
  return hasRepeats || sets.length > 1 ? [...new Set(sets.flatMap(({entries}) => entries))] : first.entries.slice()
}

const kernelParts = (set: BuiltSet): string[] => set.parts.map(part => part.kernelName)

/** For the kernel a block with and without `nomatch` is one member. The later one replaces the earlier. */
function distinctBlocks(entries: readonly string[]): string[] {
  const blocks = new Map<string, string>()
  for (const entry of entries) blocks.set(entry.split(' ')[0] as string, entry)
  return [...blocks.values()]
}
