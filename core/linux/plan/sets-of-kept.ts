import {isListType, type LinuxPart} from './part.ts'

/**
 * A part in which some sets are as another part has them, and all else is as it is.
 *
 * @param names kernel names
 * @returns why not, where a set is missing
 */
export function withSetsOf(part: LinuxPart, kept: LinuxPart, names: readonly string[]): LinuxPart | {readonly missing: string} {
  const sets = new Map(part.sets)
  for (const name of names) {
    const set = kept.sets.get(name)
    if (!set) return {missing: `it has no set ${name} of Azure NPM`}
    sets.set(name, set)
  }
  for (const name of names) {
    const {type, members} = sets.get(name) ?? {type: '', members: []}
    const absent = isListType(type) ? members.find(member => !sets.has(member)) : undefined
    if (absent !== undefined)
      return {missing: `its set ${name} holds the set ${absent}, which the node does not have: name that, too`}
  }
  return {...part, sets}
}
