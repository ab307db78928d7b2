import type {Problem} from '../../problem/problem.ts'
import type {Rule} from '../iptables/model.ts'
import type {LinuxDocuments} from '../npm/documents.ts'
import {learnDump} from '../npm/learn-dump.ts'
import {policyChain} from '../npm/policy-chain.ts'
import {type DescribedRule, describeRule} from './describe-rule.ts'

/** Some rules of a node, ready to be told in words. */
export interface OpenRules {
  readonly problems: readonly Problem[]
  /** One of the rules in words, and whose it is. */
  say(rule: Rule): DescribedRule
}

/** Learns what is needed to tell these rules in words: of a large node a small part. */
export function openRules(dump: LinuxDocuments, rules: readonly Rule[]): OpenRules {
  const about = new Set<string>()
  for (const {chain, matches, target} of rules) {
    for (const name of [chain, target?.kind === 'jump' ? target.chain : '']) if (policyChain(name)) about.add(name)
    for (const match of matches) if (match.kind === 'set') about.add(match.set)
  }
  const {names, nameIndex, policyOfChain, problems} = learnDump(dump, about)
  return {problems, say: rule => describeRule(rule, names, nameIndex, policyOfChain)}
}
