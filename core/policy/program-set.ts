import {setTypeFacts} from '../names/set-name.ts'
import type {BuiltSet} from './built-set.ts'
import type {ProgramSet} from './program.ts'

/**
 * One kernel set.
 *
 * @param claims the sets whose names hash to it, nearly always one. Of several, the kernel makes one set with the members of
 *   all that are of the first one's kind; making the others fails.
 */
export function programSet(claims: readonly BuiltSet[]): ProgramSet {
  const first = claims[0] as BuiltSet
  const merged = claims.length === 1 ? claims : claims.filter(claim => isMergedWith(claim, first))
  const {ipsetType} = setTypeFacts[first.named.type]
  return {
    name: first.hashed,
    kernelName: first.kernelName,
    type: first.named.type,
    ipsetType,
    members: membersOf(merged),
    ...(merged.length > 1 && {names: merged.map(({hashed}) => hashed)}),
  }
}

/** Whether two sets that claim one kernel name become one set, or the second is refused by the kernel. */
export function isMergedWith(set: BuiltSet, other: BuiltSet): boolean {
  const isBlocks = set.named.type === 'CIDRBlocks'
  // CIDR sets are made with room for more members, which ipset takes for another kind.
  if (isBlocks !== (other.named.type === 'CIDRBlocks')) return false
  return setTypeFacts[set.named.type].ipsetType === setTypeFacts[other.named.type].ipsetType
}

function membersOf(sets: readonly BuiltSet[]): string[] {
  const [first] = sets as [BuiltSet, ...BuiltSet[]]
  if (setTypeFacts[first.named.type].kind === 'list') return [...new Set(sets.flatMap(kernelParts))]
  const members = distinctTexts(sets)
  return first.named.type === 'CIDRBlocks' ? distinctBlocks(members) : members
}

const kernelParts = (set: BuiltSet): string[] => set.parts.map(part => part.kernelName)

/** Each entry once, without a table of all: there may be hundreds of thousands. */
function distinctTexts(sets: readonly BuiltSet[]): string[] {
  const texts: string[] = []
  const round = {}
  for (const {entries} of sets)
    for (const entry of entries) {
      if (entry.countedIn === round) continue
      entry.countedIn = round
      texts.push(entry.text)
    }
  return texts
}

/** To the kernel a block with and without `nomatch` is one member; the later one stands. */
function distinctBlocks(entries: readonly string[]): string[] {
  const blocks = new Map<string, string>()
  for (const entry of entries) blocks.set(entry.split(' ')[0] as string, entry)
  return [...blocks.values()]
}
