import type {LinuxProgram, ProgramRule} from '../npm/program.ts'

/** What a program puts into FORWARD: nothing where Azure NPM has no chains. */
export const forwardRules = ({baseChains, jump}: LinuxProgram): readonly ProgramRule[] => (baseChains.size > 0 ? [jump] : [])

/**
 * All chains of a program but FORWARD with their rules. Policies whose names share a hash share a chain: it holds the rules of
 * both, as after a restart of Azure NPM.
 */
export function programChains(program: LinuxProgram): Map<string, readonly ProgramRule[]> {
  const chains = new Map<string, readonly ProgramRule[]>(program.baseChains)
  for (const {chains: own} of program.policies)
    for (const {chain, rules} of own) chains.set(chain, [...(chains.get(chain) ?? []), ...rules])
  return chains
}
