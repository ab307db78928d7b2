import type {Term} from '../../contract/common.ts'
import type {TranslatedPolicy, TranslatedRule} from '../../contract/translation.ts'
import {type NetworkPolicy, objectKey} from '../../kubernetes/objects.ts'
import {policyTypes, v1Target} from '../../kubernetes/policy-types.ts'
import type {Direction} from '../../names/kernel-name.ts'
import type {NameIndex} from '../../names/name-index.ts'
import type {TermNames} from '../../sets/terms.ts'
import type {Rule} from '../iptables/model.ts'
import {directionChains, v1RuleChains} from '../npm/chain-names.ts'
import type {NpmChains} from '../npm/chains.ts'
import {v1AllowMarks} from '../npm/marks.ts'
import {ruleParts} from '../npm/rule-parts.ts'
import {namedTerms, translateNamedRule} from './policy-rule.ts'

/**
 * Translation of NPM v1. All policies share a few chains, and no rule names its policy. Rules that select the same pods are
 * translated together: what they allow adds up, whichever policy they result from.
 */

/** The chains with policy rules, in the order in which packets pass them. */
const chainsOf = (direction: Direction): string[] => Object.values(v1RuleChains[direction])

const termKey = ({set, negated}: Term): string => (negated ? `!${set}` : set)

/**
 * Translates all policy rules of NPM v1, one entry for each selection of pods and direction.
 *
 * @param policies of the cluster objects; they name an entry if exactly one of them selects the same pods
 */
export function translateV1(
  chains: NpmChains,
  names: TermNames,
  nameIndex: NameIndex,
  policies: readonly NetworkPolicy[],
): TranslatedPolicy[] {
  return (['Ingress', 'Egress'] as const)
    .flatMap(direction => translateDirection(direction, chains, names, nameIndex, policies))
    .toSorted((a, b) => (`${a.policy} ${a.subject}` < `${b.policy} ${b.subject}` ? -1 : 1))
}

function translateDirection(
  direction: Direction,
  chains: NpmChains,
  names: TermNames,
  nameIndex: NameIndex,
  policies: readonly NetworkPolicy[],
): TranslatedPolicy[] {
  const groups = new Map<string, {appliesTo: Term[]; rules: TranslatedRule[]}>()
  const policiesOf = policiesByTarget(direction, policies)
  for (const rule of chainsOf(direction).flatMap(name => chains.rules(name))) {
    const action = v1ActionOf(rule, direction)
    if (action === undefined) continue
    const parts = ruleParts(rule)
    const named = namedTerms(parts, names, nameIndex)
    const appliesTo = direction === 'Ingress' ? named.destinations : named.sources
    const keys = appliesTo.map(termKey)
    const key = [...new Set(keys)].toSorted().join(' ')
    const group = groups.get(key) ?? {appliesTo, rules: []}
    groups.set(key, group)
    group.rules.push(translateNamedRule(rule, parts, named, action, direction, names, term => keys.includes(termKey(term))))
  }
  return [...groups.values()].map(({appliesTo, rules}) => ({
    ...policyOf(appliesTo, policiesOf),
    direction,
    chain: directionChains[direction],
    enforced: true,
    appliesTo,
    subject: names.say(appliesTo),
    packets: null,
    bytes: null,
    rules,
  }))
}

/** The direction of the policy rules in a v1 chain. Undefined for other chains. */
export function v1DirectionOf(chain: string): Direction | undefined {
  return (['Ingress', 'Egress'] as const).find(direction => chainsOf(direction).includes(chain))
}

/** The action of a policy rule in v1. Undefined for base rules, which match marks and connection states but no sets. */
export function v1ActionOf(rule: Rule, direction: Direction): TranslatedRule['action'] | undefined {
  if (!rule.matches.some(match => match.kind === 'set')) return undefined
  if (rule.target?.kind === 'mark') return rule.target.value === v1AllowMarks[direction] ? 'allow' : 'unknown'
  return rule.target?.kind === 'verdict' && rule.target.verdict === 'DROP' ? 'drop' : 'unknown'
}

/** The policies of a direction by the sets with which they select their pods. */
function policiesByTarget(direction: Direction, policies: readonly NetworkPolicy[]): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const policy of policies) {
    if (!policyTypes(policy).includes(direction)) continue
    const target = v1Target(policy).join('\n')
    const same = found.get(target)
    if (same) same.push(objectKey(policy))
    else found.set(target, [objectKey(policy)])
  }
  return found
}

function policyOf(
  appliesTo: readonly Term[],
  policies: ReadonlyMap<string, readonly string[]>,
): {policy: string; candidates?: string[]} {
  const target = appliesTo
    .map(({name, negated}) => (negated ? `!${name}` : name))
    .toSorted()
    .join('\n')
  const candidates = policies.get(target) ?? []
  const [only] = candidates
  if (candidates.length === 1 && only !== undefined) return {policy: only}
  return {policy: 'unknown', ...(candidates.length > 1 && {candidates: [...candidates]})}
}
