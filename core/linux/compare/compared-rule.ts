import type {Difference} from '../../dataplane/difference.ts'
import type {Match, Rule, Target} from '../iptables/model.ts'
import {printRule} from '../iptables/print.ts'
import {NPM_CHAIN} from '../npm/chain-names.ts'
import {policyChain} from '../npm/policy-chain.ts'

/** A rule of a program or of a node, as far as the two are compared. */
export interface ComparedRule {
  readonly chain: string
  readonly matches: readonly Match[]
  readonly target?: Target
  /** `namespace/name`; of a program's rules only. */
  readonly policy?: string
  /** Line in the save, from 1; 0 or undefined for rules that were not read. */
  readonly line?: number
}

export type LinuxDifference = Difference<ComparedRule>

/** Whether a rule is a jump that selects a policy's pods. */
export function isPolicyJump({chain, target}: ComparedRule): boolean {
  const leadsTo = target?.kind === 'jump' ? target.chain : target?.kind === 'extension' ? target.name : ''
  return chain.startsWith(NPM_CHAIN) && policyChain(leadsTo) !== undefined
}

/**
 * Whether a rule's place among its like means nothing: a jump to a policy's chain; in NPM v1 every rule of a policy, for all
 * of one chain set marks, or all drop. No other rule of these chains looks at sets.
 */
export const isFree = (rule: ComparedRule): boolean =>
  isPolicyJump(rule) || (policyChain(rule.chain) === undefined && rule.matches.some(({kind}) => kind === 'set'))

/** A rule with a place, as if it had been saved. */
export function savedRule({chain, matches, target}: ComparedRule, position: number): Rule {
  const parts = {chain, matches, ...(target && {target}), position, line: 0, source: ''}
  return {...parts, source: printRule(parts)}
}
