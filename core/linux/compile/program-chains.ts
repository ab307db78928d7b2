import {JoinedRules, type RuleList} from '../../policy/rule-list.ts'
import type {LinuxProgram, ProgramRule} from '../npm/program.ts'

/** The rules that a program adds to FORWARD: its jump, or none if Azure NPM has no chains. */
export const forwardRules = ({baseChains, jump}: LinuxProgram): readonly ProgramRule[] => (baseChains.size > 0 ? [jump] : [])

/**
 * The rules of a program by chain, except FORWARD. Policies with the same hash share a chain, which holds the rules of both,
 * as after a restart of Azure NPM.
 */
export function programChains(program: Pick<LinuxProgram, 'baseChains' | 'policies'>): Map<string, RuleList<ProgramRule>> {
  const chains = new Map<string, RuleList<ProgramRule>>(program.baseChains)
  for (const {chains: own} of program.policies)
    for (const {chain, rules} of own) {
      const others = chains.get(chain)
      chains.set(chain, others ? new JoinedRules([others, rules]) : rules)
    }
  return chains
}
