import {canonicalEntry, canonicalMember, entryOf} from './member.ts'
import type {MemberDifference, SetDifference, SetState} from './set-difference.ts'

/** Whether a difference creates, deletes or replaces the whole set, with its members. */
export const isWhole = (difference: SetDifference | MemberDifference): difference is SetDifference =>
  difference.kind === 'set' && difference.wanted?.type !== difference.found?.type

/** The key by which the kernel compares members. Sets have many members, so nothing more is parsed. */
const keyOf = (text: string): string => canonicalEntry(entryOf(text))

/**
 * Applies all differences of one set to the wanted set, which gives the found one.
 *
 * @param set the wanted set; undefined when no such set is wanted
 * @returns the found set; undefined when there is none
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
    // An empty set that no rule uses is equivalent to an absent one.
    state ??= {type, members: []}
    if (wanted) members.delete(keyOf(wanted.text))
    if (found) members.set(keyOf(found.text), canonicalMember(found.text))
  }
  return state && {...state, members: [...members.values()]}
}
