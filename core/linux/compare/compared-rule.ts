import type {Difference} from '../../dataplane/difference.ts'
import type {Match, Rule, Target} from '../iptables/model.ts'
import {printRule} from '../iptables/print.ts'
import {NPM_CHAIN} from '../npm/chain-names.ts'
import {policyChain} from '../npm/policy-chain.ts'

/** A rule of a program or a node, with the parts that are compared. */
export interface ComparedRule {
  readonly chain: string
  readonly matches: readonly Match[]
  readonly target?: Target
  /** `namespace/name`. Only a program's rules have it. */
  readonly policy?: string
  /** Line in the save, from 1; 0 or undefined for rules that were not parsed from a save. */
  readonly line?: number
}

/** A difference between a program and a Linux node. */
export type LinuxDifference = Difference<ComparedRule>

/** Whether a rule is Azure NPM's jump to a policy's chain. */
export function isPolicyJump({chain, target}: ComparedRule): boolean {
  const leadsTo = target?.kind === 'jump' ? target.chain : target?.kind === 'extension' ? target.name : ''
  return chain.startsWith(NPM_CHAIN) && policyChain(leadsTo) !== undefined
}

/**
 * Whether a rule's position among rules of its kind has no effect. This is so for a jump to a policy's chain, and in NPM v1
 * for every rule of a policy, because all rules of one chain set marks or all drop. No other rule of these chains matches
 * sets.
 */
export const isFree = (rule: ComparedRule): boolean =>
  isPolicyJump(rule) || (policyChain(rule.chain) === undefined && rule.matches.some(({kind}) => kind === 'set'))

/** Gives a rule a position, from 1, as in a save. Its line is 0. It is printed when somebody asks: a program has 100,000 rules. */
export const savedRule = (rule: ComparedRule, position: number): Rule => new SavedRule(rule, position)

class SavedRule implements Rule {
  readonly chain: string
  readonly matches: readonly Match[]
  readonly target?: Target
  readonly position: number
  readonly line = 0

  constructor({chain, matches, target}: ComparedRule, position: number) {
    this.chain = chain
    this.matches = matches
    if (target) this.target = target
    this.position = position
  }

  get source(): string {
    return printRule(this)
  }
}
