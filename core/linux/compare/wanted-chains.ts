import type {RuleList} from '../../policy/rule-list.ts'
import {baseChains} from '../compile/base-chains.ts'
import {programChains} from '../compile/program-chains.ts'
import {NPM_CHAIN} from '../npm/chain-names.ts'
import type {LinuxProgram, ProgramRule} from '../npm/program.ts'

/**
 * The chains that a node should have, as far as they are known. Of policies that are left out of the program the jumps are
 * known, but not the chains they lead to: a packet that a jump matches has an unknown verdict.
 */
export function wantedChains(program: LinuxProgram): Map<string, RuleList<ProgramRule>> {
  const {policies, leftOut, options} = program
  if (leftOut.length === 0) return programChains(program)
  if (options.generation === 'v1') return new Map([...programChains(program), [NPM_CHAIN, [notCompiled]]])
  const jumps = [...policies, ...leftOut].flatMap(({chains}) => chains.map(({jump}) => jump))
  return programChains({...program, baseChains: baseChains(jumps, options.release)})
}

/** A target that no walk knows. In NPM v1 policies have no chains of their own, so no packet's verdict is known without all of them. */
const notCompiled: ProgramRule = {chain: NPM_CHAIN, matches: [], target: {kind: 'extension', name: 'NOT-COMPILED', options: ''}}
