import {invert} from '../../differences/invert.ts'
import type {ProgramSet} from '../../policy/program.ts'
import {applySetDifferences} from '../../sets/apply-set-differences.ts'
import type {MemberDifference, SetDifference, SetState} from '../../sets/set-difference.ts'
import {type AclDifference, setsOf, type WindowsDifference} from '../compare/compared-acl.ts'
import {plainGuid} from '../hns/model.ts'
import type {WindowsNode} from '../node-state.ts'
import {isPolicyAclId} from '../npm/acl-id.ts'
import {BARE_NETWORK, BASE_ACLS, isBaseAcl} from '../npm/base-acls.ts'
import type {ProgramAcl, WindowsProgram} from '../npm/program.ts'
import {isList, keyOf, type PartEndpoint, type PartSet, type WindowsPart} from './part.ts'
import {wholePartOf} from './read-part.ts'
import {namedSets} from './visibility.ts'

/** Nothing of Azure NPM: no set, and no ACL at any endpoint. */
export function emptyPart(node: WindowsNode): WindowsPart {
  const part = wholePartOf(node)
  const endpoints = [...part.endpoints].map(([id, endpoint]) => [id, {...endpoint, own: []}] as const)
  return {...part, sets: new Map(), endpoints: new Map(endpoints)}
}

type OfSets = SetDifference | MemberDifference

/**
 * What a node would have with some differences repaired and all else as it is. What a repaired ACL or list needs comes with it: the sets
 * that it names. What is needed by something that stays, stays.
 */
export function repairedPart(node: WindowsNode, differences: readonly WindowsDifference[], program: WindowsProgram): WindowsPart {
  const part = wholePartOf(node)
  const sets = new Map(part.sets)
  const gone = new Set<string>()
  const nameOf = (id: string): string =>
    program.sets.get(id)?.name ?? sets.get(id)?.name ?? node.translation().names.namesOf(id)[0]?.name ?? id
  const ofSets = differences.filter((each): each is OfSets => 'set' in each)
  for (const [id, group] of Map.groupBy(ofSets, ({set}) => set.kernelName)) {
    const found = part.sets.get(id)
    const state = applySetDifferences(
      found && {type: found.policyType === 'NESTEDIPSET' ? 'list:set' : 'hash:net', members: found.values},
      group.map(each => invert(each) as OfSets),
    )
    if (state) sets.set(id, setOfState(id, nameOf(id), state))
    else gone.add(id)
  }
  const endpoints = new Map(part.endpoints)
  const ofAcls = differences.filter((each): each is AclDifference => each.kind === 'rule')
  for (const [id, group] of Map.groupBy(ofAcls, each => endpointOf(each))) {
    const found = endpoints.get(id)
    if (found) endpoints.set(id, {...found, own: withBase(part, repairedAcls(found, group))})
  }
  const made = {...part, sets, endpoints, names: new Map(program.sets)}
  return withNeeded(made, program, gone)
}

const endpointOf = ({wanted, found}: AclDifference): string => plainGuid((wanted ?? found)?.rule.endpoint.id ?? '')

function repairedAcls({own}: PartEndpoint, group: readonly AclDifference[]): ProgramAcl[] {
  const gone = new Set(group.flatMap(({found}) => (found ? [keyOf(found.rule.acl)] : [])))
  return [...own.filter(acl => !gone.has(keyOf(acl))), ...group.flatMap(({wanted}) => wanted?.rule.acl ?? [])]
}

/** With the ACLs that allow what no policy is about, where only Azure NPM puts them, and an endpoint has lost them. */
export function withBase({network}: WindowsPart, own: ProgramAcl[]): readonly ProgramAcl[] {
  const isAsked = network.name === BARE_NETWORK && own.some(({id}) => id !== undefined && isPolicyAclId(id))
  return isAsked && !own.some(isBaseAcl) ? [...BASE_ACLS, ...own] : own
}

/** With all sets that ACLs and lists name, as far as the program has them, and without those that are too much and that nothing names. */
function withNeeded(part: WindowsPart, program: WindowsProgram, gone: ReadonlySet<string>): WindowsPart {
  const sets = new Map(part.sets)
  const need = (id: string): void => {
    const asked = program.sets.get(id)
    if (sets.has(id) || !asked) return
    const set = setOfProgram(asked)
    sets.set(id, set)
    if (isList(set)) for (const value of set.values) need(value)
  }
  for (const {own} of part.endpoints.values()) for (const acl of own) for (const id of setsOf(acl)) need(id)
  for (const set of Array.from(sets.values())) if (isList(set) && !gone.has(set.id)) for (const value of set.values) need(value)
  // A list that stays keeps its members.
  const named = namedSets({...part, sets})
  const lists = [...sets.values()].filter(set => isList(set) && (!gone.has(set.id) || named.has(set.id)))
  const inLists = new Set(lists.flatMap(({values}) => values))
  for (const id of gone) if (!named.has(id) && !inLists.has(id)) sets.delete(id)
  return {...part, sets}
}

const setOfState = (id: string, name: string, {type, members}: SetState): PartSet => ({
  id,
  name,
  policyType: type === 'list:set' ? 'NESTEDIPSET' : 'IPSET',
  values: members,
})

const setOfProgram = ({kernelName, name, ipsetType, members}: ProgramSet): PartSet =>
  setOfState(kernelName, name, {type: ipsetType, members})

/** A part with some sets as a kept part has them, or what is missing for that. */
export function withSetsOf(
  part: WindowsPart,
  kept: WindowsPart,
  names: readonly string[],
): WindowsPart | {readonly missing: string} {
  const sets = new Map(part.sets)
  for (const id of names) {
    const set = kept.sets.get(id)
    if (!set) return {missing: `it has no set ${id}`}
    sets.set(id, set)
    const lost = isList(set) ? set.values.find(value => !sets.has(value) && !names.includes(value)) : undefined
    if (lost !== undefined) return {missing: `list ${id} holds set ${lost}, which the node does not have; ask for that, too`}
  }
  return {...part, sets}
}
