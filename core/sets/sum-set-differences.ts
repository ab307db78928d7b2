import {applySetDifferences, isWhole} from './apply-set-differences.ts'
import {compareSetStates} from './compare-sets.ts'
import {canonicalEntry, canonicalMember, parseMember} from './member.ts'
import {type MemberDifference, type SetDifference, type SetState, swapSides} from './set-difference.ts'

type AnySetDifference = SetDifference | MemberDifference

/**
 * Combines two consecutive changes of one set into one: the first's wanted state against the second's found state.
 *
 * @param first all differences of the set from a first state to a second
 * @param second from the second state to a third
 */
export function sumSetDifferences(first: readonly AnySetDifference[], second: readonly AnySetDifference[]): AnySetDifference[] {
  const [before, after] = [first.find(isWhole), second.find(isWhole)]
  if (before) return compareStates(before, before.wanted, applySetDifferences(before.found, second), [...first, ...second])
  if (after)
    return compareStates(after, applySetDifferences(after.wanted, first.map(swapSides)), after.found, [...first, ...second])
  return [...sumHeaders(first, second), ...sumMembers(first, second)]
}

/** The readable names of members of lists, as far as the differences contain them. */
function namesIn(differences: readonly AnySetDifference[]): (kernelName: string) => string {
  const names = new Map<string, string>()
  for (const each of differences)
    if (each.kind === 'member')
      for (const side of [each.wanted, each.found]) if (side?.name !== undefined) names.set(side.text, side.name)
  return kernelName => names.get(kernelName) ?? kernelName
}

function compareStates(
  {set, policy}: SetDifference,
  wanted: SetState | undefined,
  found: SetState | undefined,
  differences: readonly AnySetDifference[],
): AnySetDifference[] {
  const subject = {set, ...(policy !== undefined && {policy})}
  if (wanted && found) return compareSetStates(subject, wanted, found, namesIn(differences))
  if (!wanted && !found) return []
  return [{kind: 'set', ...subject, ...(wanted && {wanted}), ...(found && {found})}]
}

function sumHeaders(first: readonly AnySetDifference[], second: readonly AnySetDifference[]): SetDifference[] {
  const isHeader = (each: AnySetDifference): each is SetDifference => each.kind === 'set'
  const [before, after] = [first.find(isHeader), second.find(isHeader)]
  const any = before ?? after
  if (!any) return []
  const wanted = before ? before.wanted : applySetDifferences(after?.wanted, first.map(swapSides))
  const found = after ? after.found : applySetDifferences(before?.found, second)
  if (wanted?.maxelem === found?.maxelem) return []
  const {wanted: _wanted, found: _found, ...subject} = any
  return [{...subject, ...(wanted && {wanted}), ...(found && {found})}]
}

function sumMembers(first: readonly AnySetDifference[], second: readonly AnySetDifference[]): MemberDifference[] {
  const sums = new Map<string, MemberDifference>()
  for (const difference of [...first, ...second]) {
    if (difference.kind !== 'member') continue
    const {wanted, found, ...subject} = difference
    const entry = canonicalEntry(parseMember((wanted ?? found)?.text ?? '').entry)
    const before = sums.get(entry)
    const start = before ? before.wanted : wanted
    sums.set(entry, {...subject, ...(start && {wanted: start}), ...(found && {found})})
  }
  return [...sums.values()].filter(({wanted, found}) => canonicalText(wanted) !== canonicalText(found))
}

const canonicalText = (side: MemberDifference['wanted']): string | undefined => side && canonicalMember(side.text)
