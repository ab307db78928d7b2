import type {CauseKind} from '../../contract/drift.ts'
import type {Direction} from '../../names/kernel-name.ts'
import {isPolicyJump} from '../compare/compared-rule.ts'
import {counted, countRules, directionOf, type KnownPolicies, type RuleDifferences} from './rule-differences.ts'

/** What is wrong with a policy in one direction. */
interface DirectionState {
  readonly kind: CauseKind
  readonly words: string
}

/**
 * What is wrong with the chains of a policy, in a sentence.
 *
 * @param policy undefined when nothing tells whose chain it is
 */
export function policySentence(
  policy: string | undefined,
  differences: readonly RuleDifferences[],
  {existing, wanted, isEmpty}: KnownPolicies,
): {kind: CauseKind; text: string} {
  const byDirection = Map.groupBy(differences, directionOfDifference)
  const states = [...byDirection].map(([direction, group]) => ({direction, ...stateOf(group, isEmpty)}))
  const [{kind} = {kind: 'policyChanged' as const}] = states
  const whose = policy === undefined ? 'a policy that nothing names' : `policy ${policy}`
  const isOne = states.every(state => state.words === states[0]?.words)
  const words = isOne
    ? `${states[0]?.words} (${states.map(({direction}) => direction.toLowerCase()).join(' and ')})`
    : states.map(({direction, words}) => `${direction.toLowerCase()} ${words}`).join('; ')
  const isLeft = states.some(({words}) => words.startsWith('is left over'))
  const reason = isLeft && policy !== undefined ? leftOverReason(policy, existing, wanted) : ''
  return {kind, text: `${whose} ${words}${reason}`}
}

function leftOverReason(policy: string, existing: ReadonlySet<string>, wanted: ReadonlySet<string>): string {
  if (!existing.has(policy)) return ': the cluster has no such policy'
  return wanted.has(policy) ? ': the policy is not of this type any more' : ': Azure NPM refuses the policy as it is now'
}

function directionOfDifference(difference: RuleDifferences): Direction {
  return directionOf(difference.chain)
}

function stateOf(differences: readonly RuleDifferences[], isEmpty: KnownPolicies['isEmpty']): DirectionState {
  const chain = differences.find(each => each.kind === 'chain')
  const jumps = differences.flatMap(each => (each.kind === 'rule' && isJump(each) ? [each] : []))
  const jumpMissing = jumps.some(({wanted, found}) => wanted && !found)
  const jumpExtra = jumps.some(({wanted, found}) => found && !wanted)
  if (chain?.wanted) return {kind: 'policyMissing', words: 'is not programmed'}
  if (chain?.found)
    return jumpExtra
      ? {kind: 'policyLeftOver', words: 'is left over'}
      : {kind: 'policyLeftOver', words: 'is left over without a jump to it, so no packet meets it'}
  const rules = differences.filter(each => !(each.kind === 'rule' && isJump(each)))
  const {missing, extra, changed, isReordered} = countRules(rules)
  const parts = [
    ...(jumpMissing ? ['no jump leads to its chain'] : []),
    ...(jumpExtra ? [`${counted(jumps.length, 'jump')} too many to its chain`] : []),
    ...(missing > 0 ? [`${counted(missing, 'rule')} missing`] : []),
    ...(extra > 0 ? [`${counted(extra, 'rule')} too many`] : []),
    ...(changed > 0 ? [`${counted(changed, 'rule')} with another comment`] : []),
    ...(isReordered ? ['rules in another order'] : []),
  ]
  if (missing > 0 && isEmpty(rules[0]?.chain ?? ''))
    return {
      kind: 'policyEmptied',
      words: jumpMissing ? 'is emptied, and no jump leads to it' : 'is emptied: its chain has no rules',
    }
  if (jumpMissing && parts.length === 1) return {kind: 'policyMissing', words: 'is not enforced: no jump leads to its chain'}
  if (jumpExtra && parts.length === 1) return {kind: 'policyLeftOver', words: `has ${parts[0]}`}
  return {kind: 'policyChanged', words: `is programmed otherwise: ${parts.join(', ')}`}
}

const isJump = ({wanted, found}: Extract<RuleDifferences, {kind: 'rule'}>): boolean => {
  const rule = (wanted ?? found)?.rule
  return rule !== undefined && isPolicyJump(rule)
}
