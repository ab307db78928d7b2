import type {Cause} from '../dataplane/cause.ts'
import {type ClusterObjects, objectKey} from '../kubernetes/objects.ts'
import {policyAddress} from '../kubernetes/pod-filter.ts'
import {printIpv4} from '../net/ipv4.ts'
import type {Program} from '../policy/program.ts'
import {parseMember} from '../sets/member.ts'
import type {MemberDifference, SetDifference} from '../sets/set-difference.ts'
import {type AddressGroup, addressCauses} from './address-causes.ts'
import {counted, listed} from './words.ts'

type OfSets = SetDifference | MemberDifference

/**
 * Groups the differences of sets by what caused them: a pod whose address is missing, old or of no pod any more, a namespace that
 * is missing in lists of labels, a set that is missing or has lost all its members. Those of sets that one policy owns, its
 * blocks, are a matter of the policy.
 */
export function setCauses(differences: readonly OfSets[], program: Program, cluster: ClusterObjects): Cause[] {
  const bySet = Map.groupBy(differences, ({set}) => set.kernelName)
  const causes: Cause[] = []
  const byAddress = new Map<string, MemberDifference[]>()
  const byNamespace = new Map<string, MemberDifference[]>()
  const byPolicy = new Map<string, OfSets[]>()
  for (const [name, group] of bySet) {
    const [{policy} = {policy: undefined}] = group
    const members = group.filter(each => each.kind === 'member')
    if (policy !== undefined) push(byPolicy, policy, ...group)
    else if (members.length < group.length || isEmptied(members, program.sets.get(name)?.members.length ?? 0))
      causes.push(setCause(group))
    else
      for (const member of members) {
        const {wanted, found, type} = member
        const {name: part, text = ''} = wanted ?? found ?? {}
        if (type === 'list:set') push(byNamespace, part ?? text, member)
        else push(byAddress, addressOf(text), member)
      }
  }
  for (const [policy, group] of byPolicy)
    causes.push({
      kind: 'policyChanged',
      text: `policy ${policy} has other blocks: ${blockWords(group)}`,
      policy,
      differences: group,
    })
  for (const [part, group] of byNamespace) causes.push(namespaceCause(part, group))
  const podOf = podsByAddress(cluster)
  const groups = [...byAddress].map(([address, members]): AddressGroup => {
    const pod = podOf.get(address)
    return {address, members, ...(pod !== undefined && {pod})}
  })
  return [...causes, ...addressCauses(groups)]
}

const addressOf = (text: string): string => parseMember(text).subject

function podsByAddress({pods}: ClusterObjects): Map<string, string> {
  const found = new Map<string, string>()
  for (const pod of pods) {
    const address = policyAddress(pod)
    if (address !== undefined) found.set(printIpv4(address), objectKey(pod))
  }
  return found
}

/** Whether all members of a set are missing. One member alone says more of the pod that it is. */
const isEmptied = (members: readonly MemberDifference[], wanted: number): boolean =>
  wanted > 1 && members.length === wanted && members.every(each => each.wanted && !each.found)

function setCause(group: readonly OfSets[]): Cause {
  const [first] = group
  const name = first?.set.name ?? ''
  const whole = group.find(each => each.kind === 'set')
  const cause = (text: string): Cause => ({kind: 'set', text, differences: group})
  if (!whole) return cause(`set ${name} is emptied: ${counted(group.length, 'member')} missing`)
  const {wanted, found} = whole
  if (!found) return cause(`set ${name} is missing, with ${counted(wanted?.members.length ?? 0, 'member')}`)
  if (!wanted)
    return cause(`set ${name} is left over: the policies ask for no such set (${counted(found.members.length, 'member')})`)
  if (wanted.type !== found.type) return cause(`set ${name} has type ${found.type} in place of ${wanted.type}`)
  const members = group.length - 1
  const also = members > 0 ? `, and ${counted(members, 'member')} differ${members === 1 ? 's' : ''}` : ''
  return cause(`set ${name} has room for ${found.maxelem} members in place of ${wanted.maxelem}${also}`)
}

function blockWords(group: readonly OfSets[]): string {
  const members = group.filter(each => each.kind === 'member')
  const texts = (side: 'wanted' | 'found') => members.flatMap(each => (each[side] ? [each[side].text] : []))
  const [missing, extra] = [texts('wanted'), texts('found')]
  const sets = group.filter(each => each.kind === 'set').map(({set}) => set.name)
  return [
    ...(missing.length > 0 ? [`missing ${listed(missing)}`] : []),
    ...(extra.length > 0 ? [`too many ${listed(extra)}`] : []),
    ...(sets.length > 0 ? [`set ${listed(sets)} is not as it should be`] : []),
  ].join('; ')
}

function namespaceCause(part: string, group: readonly MemberDifference[]): Cause {
  const isNamespace = part.startsWith('ns-')
  const whose = isNamespace ? `namespace ${part.slice('ns-'.length)}` : `set ${part}`
  const lists = (side: 'wanted' | 'found') => group.filter(each => each[side]).map(({set}) => set.name)
  const [missing, extra] = [lists('wanted'), lists('found')]
  const parts = [
    ...(missing.length > 0 ? [`is missing in ${listed(missing)}`] : []),
    ...(extra.length > 0 ? [`should not be in ${listed(extra)}`] : []),
  ]
  return {kind: isNamespace ? 'namespace' : 'set', text: `${whose} ${parts.join(' and ')}`, differences: group}
}

function push<Item>(map: Map<string, Item[]>, key: string, ...items: readonly Item[]): void {
  const known = map.get(key)
  if (known) known.push(...items)
  else map.set(key, [...items])
}
