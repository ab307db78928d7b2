import type {DriftItem} from '../../contract/drift.ts'
import type {JumpDifference, OrderDifference, PlacedRule, RuleDifference} from '../../dataplane/difference.ts'
import type {MemberState, SetDifference, SetState} from '../../sets/set-difference.ts'
import {placeOf} from '../npm/place-of.ts'
import {ruleText} from './canonical.ts'
import {type ComparedRule, isPolicyJump, type LinuxDifference} from './compared-rule.ts'

/** A difference as `diff` prints it, without its effect on packets. */
export type DescribedDifference = Omit<DriftItem, 'effect' | 'example'>

/** Describes a difference. The order of the fields is part of the printed document, so it must not change. */
export function describeDifference(difference: LinuxDifference): DescribedDifference {
  const {policy} = 'policy' in difference ? difference : {}
  const [kind, change] = [kindOf(difference), changeOf(difference)]
  const whose = {...nameOf(difference), ...(policy !== undefined && {policy})}
  const named = kind === 'member' ? {kind, ...whose, change} : {kind, change, ...whose}
  return {...named, ...sidesOf(difference)}
}

/** The kind to print. A jump to a policy's chain is a `jump`, although it is compared as a rule. */
function kindOf(difference: LinuxDifference): DriftItem['kind'] {
  if (difference.kind === 'order') return 'rule'
  if (difference.kind !== 'rule') return difference.kind
  const rule = (difference.wanted ?? difference.found)?.rule
  return rule && isPolicyJump(rule) ? 'jump' : 'rule'
}

function changeOf(difference: LinuxDifference): DriftItem['change'] {
  if (difference.kind === 'order' || (difference.wanted && difference.found)) return 'changed'
  return difference.wanted ? 'missing' : 'extra'
}

const nameOf = (difference: LinuxDifference): Pick<DriftItem, 'name' | 'kernelName'> =>
  'set' in difference ? difference.set : {name: difference.chain}

type Sides = Pick<DriftItem, 'expected' | 'found' | 'where' | 'line'>

function sidesOf(difference: LinuxDifference): Sides {
  switch (difference.kind) {
    case 'member': {
      const {wanted, found} = difference
      return {
        ...(wanted && {expected: shownMember(wanted)}),
        ...(found && {found: shownMember(found), ...(found.line !== undefined && {line: found.line})}),
      }
    }
    case 'set':
      return setSides(difference)
    case 'chain': {
      const {wanted, found} = difference
      return {...(wanted && {expected: counted(wanted.length, 'rule')}), ...(found && {found: counted(found.length, 'rule')})}
    }
    case 'order':
      return orderSides(difference)
    case 'rule':
      return ruleSides(difference)
    case 'jump':
      return difference.around ? placeSides(difference) : ruleSides(difference)
  }
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

const shownMember = ({name, text}: MemberState): string => name ?? text

function setSides({wanted, found}: SetDifference): Sides {
  const isOneSided = !wanted || !found
  const isOfOneType = wanted?.type === found?.type
  const shown = ({type, maxelem, members}: SetState): string => {
    if (isOneSided) return `${type} with ${counted(members.length, 'member')}`
    return isOfOneType ? `${type} maxelem ${maxelem}` : type
  }
  return {...(wanted && {expected: shown(wanted)}), ...(found && {found: shown(found)})}
}

function ruleSides({wanted, found}: Pick<RuleDifference<ComparedRule>, 'wanted' | 'found'>): Sides {
  return {
    ...(wanted && {expected: ruleText(wanted.rule)}),
    ...(found && {found: ruleText(found.rule), where: whereOf(found)}),
  }
}

const whereOf = ({rule: {chain, line = 0}, position}: PlacedRule<ComparedRule>) => placeOf({chain, position, line})

function orderSides({pairs}: OrderDifference<ComparedRule>): Sides {
  const found = pairs.map(pair => pair.found).toSorted((a, b) => a.position - b.position)
  return {expected: 'the rules in another order', found: found.map(({rule}) => ruleText(rule)).join(' / ')}
}

function placeSides({wanted, found}: JumpDifference<ComparedRule>): Sides {
  const asked = wanted?.position ?? 1
  return {
    expected: `position ${asked === 1 ? '1' : `${asked}, or 1 with PlaceAzureChainFirst`}`,
    found: `position ${found?.position}`,
    ...(found && {where: whereOf(found)}),
  }
}
