import type {Problem} from '../../problem/problem.ts'
import type {Rule} from '../iptables/model.ts'
import type {LinuxDocuments} from '../npm/documents.ts'
import {learnDump} from '../npm/learn-dump.ts'
import {policyChain} from '../npm/policy-chain.ts'
import {type DescribedRule, describeRule} from './describe-rule.ts'

/** Some rules of a node, with the names that describe them. */
export interface OpenRules {
  readonly problems: readonly Problem[]
  /** Describes one of the rules, with its policy. */
  say(rule: Rule): DescribedRule
}

/** Learns the names that these rules need. On a large node that is a small part of all names. */
export function openRules(dump: LinuxDocuments, rules: readonly Rule[]): OpenRules {
  const about = new Set<string>()
  for (const {chain, matches, target} of rules) {
    for (const name of [chain, target?.kind === 'jump' ? target.chain : '']) if (policyChain(name)) about.add(name)
    for (const match of matches) if (match.kind === 'set') about.add(match.set)
  }
  const {names, nameIndex, policyOfChain, problems} = learnDump(dump, about)
  return {problems, say: rule => describeRule(rule, names, nameIndex, policyOfChain)}
}
