import type {ChainPlace} from '../../contract/common.ts'
import type {ReleaseLine} from '../../policy/release.ts'
import type {Match} from '../iptables/model.ts'
import {FORWARD_CHAIN, NPM_CHAIN} from './chain-names.ts'
import type {NpmChains} from './chains.ts'
import {placeOf} from './place-of.ts'
import type {ProgramRule} from './program.ts'
import {linuxReleaseFacts} from './release-facts.ts'

/**
 * The rule of FORWARD that sends packets to Azure NPM.
 *
 * @param line line of releases; by default the current one
 */
export function forwardJump(line?: ReleaseLine): ProgramRule {
  const newOnly: Match = {kind: 'state', module: 'conntrack', states: 'NEW', negated: false}
  return {
    chain: FORWARD_CHAIN,
    matches: linuxReleaseFacts(line).judgesNewOnly ? [newOnly] : [],
    target: {kind: 'jump', chain: NPM_CHAIN, goto: false},
  }
}

/** Finds the jump from FORWARD to Azure NPM. `ctstate` is null if it has no positive match on states. Null without a jump. */
export function findJump(chains: NpmChains): {where: ChainPlace; ctstate: string | null} | null {
  const rule = chains.rules(FORWARD_CHAIN).find(({target}) => target?.kind === 'jump' && target.chain === NPM_CHAIN)
  if (!rule) return null
  const state = rule.matches.find(match => match.kind === 'state')
  return {where: placeOf(rule), ctstate: state && !state.negated ? state.states : null}
}
