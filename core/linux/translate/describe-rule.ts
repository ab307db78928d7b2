import type {NameIndex} from '../../names/name-index.ts'
import type {TermNames} from '../../sets/terms.ts'
import type {Rule} from '../iptables/model.ts'
import {translateBaseRule} from '../npm/base-chain-meanings.ts'
import {isNpmChain, NPM_CHAIN} from '../npm/chain-names.ts'
import {policyChain} from '../npm/policy-chain.ts'
import {translateRule} from './policy-rule.ts'
import {v1ActionOf, v1DirectionOf} from './v1.ts'
import {actionOf, jumpSubject} from './v2.ts'

/** A rule in words, and its policy. */
export interface DescribedRule {
  readonly text: string
  /** `namespace/name`; `unknown` for a policy rule without a known policy; undefined for a rule of no policy. */
  readonly policy?: string
}

/**
 * Describes any rule of a node. Policy rules and jumps get readable names, base rules a short sentence. Other programs' rules
 * stay as printed.
 *
 * @param policyOfChain policy `namespace/name` of each policy chain
 */
export function describeRule(
  rule: Rule,
  names: TermNames,
  nameIndex: NameIndex,
  policyOfChain: ReadonlyMap<string, string>,
): DescribedRule {
  if (rule.target?.kind === 'extension' && rule.target.lost) return {text: 'rules that may stand here are not in the input'}
  const own = policyChain(rule.chain)
  if (own) {
    const {text} = translateRule(rule, actionOf(rule, own.direction), own.direction, names, nameIndex)
    return {text, policy: policyOfChain.get(rule.chain) ?? 'unknown'}
  }
  const leadsTo = rule.target?.kind === 'jump' ? rule.target.chain : ''
  const shape = policyChain(leadsTo)
  if (shape) {
    const policy = policyOfChain.get(leadsTo) ?? 'unknown'
    return {text: `policy ${policy} applies to ${jumpSubject(rule, shape.direction, names, nameIndex).subject}`, policy}
  }
  const direction = v1DirectionOf(rule.chain)
  const action = direction && v1ActionOf(rule, direction)
  if (direction && action) return {text: translateRule(rule, action, direction, names, nameIndex).text, policy: 'unknown'}
  const isNpm = isNpmChain(rule.chain) || leadsTo === NPM_CHAIN
  return {text: isNpm ? translateBaseRule(rule).text : rule.source.replace(/^-A \S+ /, '')}
}
