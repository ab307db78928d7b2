import type {Cause} from '../dataplane/cause.ts'
import type {MemberDifference} from '../sets/set-difference.ts'
import {listed} from './words.ts'

/** The differences of sets that concern one address, or one block. */
export interface AddressGroup {
  readonly address: string
  readonly members: readonly MemberDifference[]
  /** The pod that has the address now, `namespace/name`. */
  readonly pod?: string
}

/**
 * What the differences of addresses say of pods. An address of no pod that stands in the very sets in which a pod is missing is
 * told as the old address of that pod: nothing on the node tells more.
 */
export function addressCauses(groups: readonly AddressGroup[]): Cause[] {
  const strangers = groups.filter(({pod, members}) => pod === undefined && members.every(({found, wanted}) => found && !wanted))
  const bySets = Map.groupBy(strangers, ({members}) => setsOf(members, 'found'))
  const causes: Cause[] = []
  const used = new Set<AddressGroup>()
  for (const group of groups) {
    const {pod, address, members} = group
    if (pod === undefined || !members.every(({wanted, found}) => wanted && !found)) continue
    const alike = bySets.get(setsOf(members, 'wanted')) ?? []
    const old = alike.length === 1 ? alike[0] : undefined
    if (!old || used.has(old)) continue
    used.add(group).add(old)
    const sets = namesOf(members)
    causes.push({
      kind: 'pod',
      text: `pod ${pod} has the address ${address}, but ${listed(sets)} still hold${sets.length === 1 ? 's' : ''} ${old.address} in its place`,
      pod,
      addresses: [address, old.address],
      differences: [...members, ...old.members],
    })
  }
  for (const group of groups) if (!used.has(group)) causes.push(causeOf(group))
  return causes
}

const setsOf = (members: readonly MemberDifference[], side: 'wanted' | 'found'): string =>
  members
    .map(each => `${each.set.kernelName} ${(each[side]?.text ?? '').replace(/^[^,]*/, '')}`)
    .toSorted()
    .join('\n')

const namesOf = (members: readonly MemberDifference[]): string[] => [...new Set(members.map(({set}) => set.name))]

function causeOf({address, pod, members}: AddressGroup): Cause {
  const missing = namesOf(members.filter(({wanted, found}) => wanted && !found))
  const extra = namesOf(members.filter(({wanted, found}) => found && !wanted))
  const changed = namesOf(members.filter(({wanted, found}) => found && wanted))
  const isBlock = address.includes('/')
  const whose = pod === undefined ? `${isBlock ? 'block' : 'address'} ${address}` : `pod ${pod} (${address})`
  const parts = [
    ...(missing.length > 0 ? [`is missing in ${listed(missing)}`] : []),
    ...(extra.length > 0 ? [extraWords(extra, pod, isBlock)] : []),
    ...(changed.length > 0 ? [`is an exception on one side only in ${listed(changed)}`] : []),
  ]
  return {
    kind: 'pod',
    text: `${whose} ${parts.join(' and ')}`,
    ...(pod !== undefined && {pod}),
    addresses: [address],
    differences: members,
  }
}

function extraWords(sets: readonly string[], pod: string | undefined, isBlock: boolean): string {
  if (pod !== undefined) return `should not be in ${listed(sets)}`
  return isBlock ? `should not be in ${listed(sets)}` : `is of no pod and still in ${listed(sets)}`
}
