import {canonicalEntry, canonicalMember, entryOf} from './member.ts'
import type {MemberDifference, SetDifference, SetState} from './set-difference.ts'

/** Whether a difference gives or takes the whole set, with its members, or changes it in part. */
export const isWhole = (difference: SetDifference | MemberDifference): difference is SetDifference =>
  difference.kind === 'set' && difference.wanted?.type !== difference.found?.type

/** What a member difference makes of members: takes what is wanted out, and puts in what is found. */
export function applyMember(members: readonly string[], {wanted, found}: Pick<MemberDifference, 'wanted' | 'found'>): string[] {
  const gone = new Set([wanted, found].flatMap(side => (side ? [keyOf(side.text)] : [])))
  const left = members.filter(text => !gone.has(keyOf(text)))
  return found ? [...left, canonicalMember(found.text)] : left
}

/** What the kernel knows a member by. Sets have many members, so no more of them is taken apart. */
const keyOf = (text: string): string => canonicalEntry(entryOf(text))

/**
 * What all differences of one set make of it.
 *
 * @param set undefined when there is no such set
 */
export function applySetDifferences(
  set: SetState | undefined,
  differences: readonly (SetDifference | MemberDifference)[],
): SetState | undefined {
  const whole = differences.find(isWhole)
  if (whole) return whole.found
  let state = set
  const members = new Map((set?.members ?? []).map(text => [keyOf(text), text]))
  for (const difference of differences) {
    if (difference.kind === 'set') {
      if (state && difference.found) state = {...difference.found, members: []}
      continue
    }
    const {wanted, found, type} = difference
    // A set that is empty and used by no rule is the same as none.
    state ??= {type, members: []}
    if (wanted) members.delete(keyOf(wanted.text))
    if (found) members.set(keyOf(found.text), canonicalMember(found.text))
  }
  return state && {...state, members: [...members.values()]}
}
