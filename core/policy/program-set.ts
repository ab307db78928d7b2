import {setTypeFacts} from '../names/set-name.ts'
import type {BuiltSet} from './built-set.ts'
import type {ProgramSet} from './program.ts'

/**
 * One kernel set.
 *
 * @param claims the sets whose names hash to it, nearly always one. Of several, the kernel makes one set with the members of
 *   all that are of the first one's kind; making the others fails.
 * @param hasRepeats whether an entry may stand in one of them more than once
 */
export function programSet(claims: readonly BuiltSet[], hasRepeats: boolean): ProgramSet {
  const first = claims[0] as BuiltSet
  const merged = claims.length === 1 ? claims : claims.filter(claim => isMergedWith(claim, first))
  const {ipsetType} = setTypeFacts[first.named.type]
  const {hashed: name, kernelName, named} = first
  const set: ProgramSet = {name, kernelName, type: named.type, ipsetType, members: membersOf(merged, hasRepeats)}
  return merged.length > 1 ? {...set, names: merged.map(({hashed}) => hashed)} : set
}

/** Whether two sets that claim one kernel name become one set, or the second is refused by the kernel. */
export function isMergedWith(set: BuiltSet, other: BuiltSet): boolean {
  const isBlocks = set.named.type === 'CIDRBlocks'
  // CIDR sets are made with room for more members, which ipset takes for another kind.
  if (isBlocks !== (other.named.type === 'CIDRBlocks')) return false
  return setTypeFacts[set.named.type].ipsetType === setTypeFacts[other.named.type].ipsetType
}

function membersOf(sets: readonly BuiltSet[], hasRepeats: boolean): string[] {
  const [first] = sets as [BuiltSet, ...BuiltSet[]]
  if (setTypeFacts[first.named.type].kind === 'list') return [...new Set(sets.flatMap(kernelParts))]
  if (first.named.type === 'CIDRBlocks') return distinctBlocks(sets.flatMap(({entries}) => entries))
  // A table of all would be by far the most expensive part: there may be hundreds of thousands.
  return hasRepeats || sets.length > 1 ? [...new Set(sets.flatMap(({entries}) => entries))] : first.entries.slice()
}

const kernelParts = (set: BuiltSet): string[] => set.parts.map(part => part.kernelName)

/** To the kernel a block with and without `nomatch` is one member; the later one stands. */
function distinctBlocks(entries: readonly string[]): string[] {
  const blocks = new Map<string, string>()
  for (const entry of entries) blocks.set(entry.split(' ')[0] as string, entry)
  return [...blocks.values()]
}
