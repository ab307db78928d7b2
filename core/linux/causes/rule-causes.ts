import type {CauseKind} from '../../contract/drift.ts'
import type {Cause} from '../../dataplane/cause.ts'
import {ruleText} from '../compare/canonical.ts'
import {type ComparedRule, isPolicyJump} from '../compare/compared-rule.ts'
import type {Rule} from '../iptables/model.ts'
import {NPM_CHAIN} from '../npm/chain-names.ts'
import {policyChain} from '../npm/policy-chain.ts'
import {foreignCause, mayDecide} from './foreign-rules.ts'
import {jumpSentence} from './jump-sentence.ts'
import {policySentence} from './policy-sentence.ts'
import {counted, countRules, type KnownPolicies, type RuleDifferences} from './rule-differences.ts'

/**
 * Groups the differences of rules by what caused them: a policy that is missing, left over, emptied or otherwise, the jump from
 * FORWARD, a chain of Azure NPM itself, and each rule that somebody added there.
 */
export function ruleCauses(differences: readonly RuleDifferences[], policies: KnownPolicies): Cause[] {
  const groups = Map.groupBy(differences, difference => keyOf(difference, policies))
  const isGone = differences.some(each => each.kind === 'chain' && each.chain === NPM_CHAIN && !each.found)
  const causes: Cause[] = []
  const gone: RuleDifferences[] = []
  for (const [key, group] of groups) {
    if (isGone && group.every(each => each.kind !== 'order' && each.wanted && !each.found)) gone.push(...group)
    else causes.push(...(insertedCauses(group) ?? [causeOf(key, group, policies)]))
  }
  if (gone.length === 0) return causes
  const text = `Azure NPM has no rules on this node: ${counted(gone.filter(each => each.kind === 'chain').length, 'chain')} missing, and no policy is enforced`
  return [{kind: 'npm', text, differences: gone}, ...causes]
}

/** What the differences of one group have in common: what it is, a space, and its name. */
type Key = `${'policy' | 'chain' | 'rule' | 'jump' | 'unnamed' | 'shared'} ${string}`

function keyOf(difference: RuleDifferences, {ofChain}: KnownPolicies): Key {
  const {kind, chain} = difference
  if (kind === 'jump') return `jump ${chain}`
  const ofPolicyChain = (name: string, policy: string | undefined): Key => {
    const known = policy ?? ofChain.get(name)
    // Both chains of a policy have the same digest.
    return known === undefined ? `unnamed ${name.slice(name.lastIndexOf('-') + 1)}` : `policy ${known}`
  }
  if (policyChain(chain)) return ofPolicyChain(chain, difference.policy)
  if (kind === 'rule') {
    const {rule} = difference.wanted ?? difference.found ?? {}
    if (rule && isPolicyJump(rule)) return ofPolicyChain(targetOf(rule), difference.policy ?? rule.policy)
    if (difference.policy !== undefined) return `policy ${difference.policy}`
    // In NPM v1 nothing tells which policy a rule was of.
    if (rule && !difference.wanted && !policyChain(chain) && rule.matches.some(match => match.kind === 'set')) return 'shared '
    if (!difference.wanted) return `rule ${chain} ${difference.found?.position}`
  }
  return `chain ${chain}`
}

const targetOf = ({target}: ComparedRule): string =>
  target?.kind === 'jump' ? target.chain : target?.kind === 'extension' ? target.name : ''

function causeOf(key: Key, differences: readonly RuleDifferences[], policies: KnownPolicies): Cause {
  const space = key.indexOf(' ')
  const [of, name] = [key.slice(0, space), key.slice(space + 1)]
  switch (of) {
    case 'jump':
      return {kind: 'jump', text: jumpSentence(differences), differences}
    case 'policy':
      return {...policySentence(name, differences, policies), policy: name, differences}
    case 'unnamed':
      return {...policySentence(undefined, differences, policies), differences}
    case 'shared': {
      const text = `${counted(differences.length, 'rule')} of policies of NPM v1 that are not asked for: a policy is left over, or has changed`
      return {kind: 'policyLeftOver', text, differences}
    }
    case 'rule':
      return {kind: 'chain', text: addedSentence(differences), differences}
    default:
      return {...chainSentence(name, differences), differences}
  }
}

/**
 * The rules of other programs that stand where the jump from FORWARD should: they came between, and the jump was not moved.
 *
 * @returns undefined when the jump was moved, or otherwise differs
 */
function insertedCauses(differences: readonly RuleDifferences[]): Cause[] | undefined {
  const [only] = differences
  if (only?.kind !== 'jump' || differences.length > 1 || !only.around || !only.found || !only.wanted) return undefined
  // All rules around the jump were read from the node.
  const between = only.around.slice(only.wanted.position - 1, only.found.position - 1) as Rule[]
  if (between.some(isKubeProxys)) return undefined
  const causes = between.flatMap((rule, at) =>
    mayDecide(rule)
      ? [foreignCause({table: 'filter', chain: only.chain, rule, position: (only.wanted?.position ?? 1) + at}, false)]
      : [],
  )
  const [first, ...others] = causes
  return first && [{...first, differences}, ...others]
}

const isKubeProxys = ({target, matches}: Rule): boolean =>
  (target?.kind === 'jump' && target.chain.startsWith('KUBE-')) ||
  matches.some(match => match.kind === 'comment' && match.text.startsWith('kubernetes '))

function addedSentence([difference]: readonly RuleDifferences[]): string {
  const found = difference?.kind === 'rule' ? difference.found : undefined
  const text = found ? ruleText(found.rule) : ''
  return `rule ${found?.position} of ${found?.rule.chain}, which Azure NPM did not write: ${text}`
}

function chainSentence(chain: string, differences: readonly RuleDifferences[]): {kind: CauseKind; text: string} {
  const whole = differences.find(each => each.kind === 'chain')
  if (whole?.wanted) return {kind: 'chain', text: `chain ${chain} of Azure NPM is missing`}
  if (whole) return {kind: 'chain', text: `chain ${chain} is not asked for: ${counted(whole.found?.length ?? 0, 'rule')}`}
  const {missing, extra, changed, isReordered} = countRules(differences)
  const parts = [
    ...(missing > 0 ? [`${counted(missing, 'rule')} of Azure NPM itself missing`] : []),
    ...(extra > 0 ? [`${counted(extra, 'rule')} too many`] : []),
    ...(changed > 0 ? [`${counted(changed, 'rule')} with another comment`] : []),
    ...(isReordered ? ['rules in another order'] : []),
  ]
  return {kind: 'chain', text: `chain ${chain}: ${parts.join(', ')}`}
}
