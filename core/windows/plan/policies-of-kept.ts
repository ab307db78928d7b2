import {setsOf} from '../compare/compared-acl.ts'
import type {ProgramAcl} from '../npm/program.ts'
import {isList, type WindowsPart} from './part.ts'
import {withBase} from './wanted-part.ts'

/**
 * A part in which some policies are as another part has them: their ACLs at the endpoints that both have, and the sets that these name. Of
 * such sets those of one policy alone become what they were; others stay, and come only where they are missing. All else is as it is.
 *
 * @param ids of the policies' ACLs
 * @param isOfOnePolicy whether a set, by its id, holds what one policy says, and no pods
 * @returns why not, where that cannot be
 */
export function withPoliciesOf(
  part: WindowsPart,
  kept: WindowsPart,
  ids: readonly string[],
  isOfOnePolicy: (set: string) => boolean,
): WindowsPart | {readonly missing: string} {
  const isAsked = ({id}: ProgramAcl): boolean => id !== undefined && ids.includes(id)
  const endpoints = new Map(part.endpoints)
  const come: ProgramAcl[] = []
  for (const [id, endpoint] of part.endpoints) {
    const old = kept.endpoints.get(id)?.own.filter(isAsked) ?? []
    if (old.length === 0 && !endpoint.own.some(isAsked)) continue
    come.push(...old)
    endpoints.set(id, {...endpoint, own: withBase(part, [...endpoint.own.filter(acl => !isAsked(acl)), ...old])})
  }
  const sets = new Map(part.sets)
  const others = usedBesides(part, isAsked)
  const missing: string[] = []
  const take = (id: string): void => {
    const [old, known] = [kept.sets.get(id), sets.get(id)]
    const isOwn = isOfOnePolicy(id) && !others.has(id)
    if (part.others.sets.has(id) || (known && !(isOwn && old))) return
    if (!old) missing.push(id)
    else if (known !== old) {
      sets.set(id, old)
      if (isList(old)) old.values.forEach(take)
    }
  }
  for (const acl of come) setsOf(acl).forEach(take)
  if (missing.length > 0) return {missing: `neither it nor the node has the set ${missing[0]}`}
  return {...part, sets, endpoints}
}

/** The sets that anything else names than the ACLs of some policies. */
function usedBesides({sets, endpoints, others}: WindowsPart, isAsked: (acl: ProgramAcl) => boolean): ReadonlySet<string> {
  const used = new Set(others.users.keys())
  for (const {own} of endpoints.values()) for (const acl of own) if (!isAsked(acl)) for (const id of setsOf(acl)) used.add(id)
  for (const set of sets.values()) if (isList(set)) for (const id of set.values) used.add(id)
  return used
}
