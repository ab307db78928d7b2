import type {DriftItem} from '../../contract/drift.ts'
import {aclSettings} from '../hns/print.ts'
import type {WindowsDifference} from './compared-acl.ts'

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

const typeOf = (type: string): string => (type === 'list:set' ? 'NESTEDIPSET' : type === 'hash:net' ? 'IPSET' : type)

/** Describes a difference as documents have it, without its effect on packets. */
export function describeDifference(difference: WindowsDifference): Omit<DriftItem, 'effect' | 'example'> {
  const change =
    'wanted' in difference && difference.wanted ? ('found' in difference && difference.found ? 'changed' : 'missing') : 'extra'
  const policy = 'policy' in difference ? difference.policy : undefined
  const whose = policy === undefined ? {} : {policy}
  switch (difference.kind) {
    case 'member': {
      const {set, wanted, found} = difference
      return {
        kind: 'member',
        ...set,
        ...whose,
        change,
        ...(wanted && {expected: wanted.name ?? wanted.text}),
        ...(found && {found: found.name ?? found.text}),
      }
    }
    case 'set': {
      const {set, wanted, found} = difference
      const shown = ({type, members}: NonNullable<typeof wanted>) => `${typeOf(type)} with ${counted(members.length, 'member')}`
      return {
        kind: 'setPolicy',
        change,
        ...set,
        ...whose,
        ...(wanted && {expected: shown(wanted)}),
        ...(found && {found: shown(found)}),
      }
    }
    case 'rule': {
      const {chain, wanted, found} = difference
      const shown = ({rule}: NonNullable<typeof wanted>) => JSON.stringify(aclSettings(rule.acl))
      const {acl} = found?.rule ?? {}
      return {
        kind: 'acl',
        change,
        name: chain,
        ...whose,
        ...(wanted && {expected: shown(wanted)}),
        ...(found && {found: shown(found)}),
        ...(acl && {where: {endpoint: chain, acl: acl.id ?? 'without id', priority: acl.priority}}),
      }
    }
    default:
      throw new RangeError(`a Windows node has no difference of kind ${difference.kind}`)
  }
}
