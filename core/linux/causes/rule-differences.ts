import type {Direction} from '../../names/kernel-name.ts'
import type {LinuxDifference} from '../compare/compared-rule.ts'
import {directionChains} from '../npm/chain-names.ts'
import {policyChain} from '../npm/policy-chain.ts'

/** Differences of rules, chains and jumps; those of sets are no matter of rules. */
export type RuleDifferences = Exclude<LinuxDifference, {kind: 'set' | 'member'}>

/** What is known of policies, to name them. */
export interface KnownPolicies {
  /** Policies that the cluster has, `namespace/name`. */
  readonly existing: ReadonlySet<string>
  /** Policies that the node should have. */
  readonly wanted: ReadonlySet<string>
  /** Policy of each chain, as far as the node tells. */
  readonly ofChain: ReadonlyMap<string, string>
  /** Whether a chain of the node has no rules. */
  readonly isEmpty: (chain: string) => boolean
}

/** How the rules of chains differ, without chains as a whole. */
export function countRules(differences: readonly RuleDifferences[]): {
  readonly missing: number
  readonly extra: number
  readonly changed: number
  readonly isReordered: boolean
} {
  const rules = differences.filter(each => each.kind === 'rule')
  return {
    missing: rules.filter(({wanted, found}) => wanted && !found).length,
    extra: rules.filter(({wanted, found}) => found && !wanted).length,
    changed: rules.filter(({wanted, found}) => wanted && found).length,
    isReordered: differences.some(({kind}) => kind === 'order'),
  }
}

export const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`

/** The direction whose packets a chain, or a jump in it, concerns. */
export const directionOf = (chain: string): Direction =>
  policyChain(chain)?.direction ?? (chain === directionChains.Egress ? 'Egress' : 'Ingress')
