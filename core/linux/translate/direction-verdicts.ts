import type {TraceSide} from '../../contract/trace.ts'
import type {Verdict} from '../../net/packet.ts'
import {directionChains, v1RuleChains} from '../npm/chain-names.ts'
import {policyChain} from '../npm/policy-chain.ts'
import type {Step} from '../walk/walk.ts'
import type {OpenRules} from './open-rules.ts'

/** Finds the verdict of each direction, from the rules of Azure NPM that matched. */
export function directionVerdicts(
  trail: readonly Step[],
  verdict: Verdict,
  rules: OpenRules,
): {ingress: TraceSide; egress: TraceSide} {
  return {ingress: sideOf('Ingress', trail, verdict, rules), egress: sideOf('Egress', trail, verdict, rules)}
}

function sideOf(direction: 'Ingress' | 'Egress', trail: readonly Step[], verdict: Verdict, rules: OpenRules): TraceSide {
  const inPolicies = trail.filter(({chain}) => policyChain(chain)?.direction === direction)
  const allow = inPolicies.find(({rule}) => rule?.target?.kind === 'jump')
  const told = (step: Step | undefined) => {
    const said = step?.rule && rules.say(step.rule)
    return {...(said?.policy !== undefined && {policy: said.policy}), ...(said && {rule: said.text})}
  }
  if (allow) return {verdict: 'accept', ...told(allow)}
  const base = directionChains[direction]
  const last = trail.at(-1)
  // v1 drops in chains of their own, by a rule that matches the policy's pods.
  const isDroppedHere = verdict === 'drop' && (last?.chain === base || last?.chain === v1RuleChains[direction].drops)
  if (isDroppedHere) return {verdict: 'drop', ...told(last?.chain === base ? inPolicies.at(-1) : last)}
  const v1 = trail.find(
    ({chain, rule}) =>
      (chain.startsWith(`${base}-`) && !policyChain(chain) && rule?.matches.some(match => match.kind === 'set')) === true,
  )
  if (v1) return {verdict: 'accept', ...told(v1)}
  if (inPolicies.length > 0) return {verdict: 'unknown', ...told(inPolicies.at(-1))}
  return {verdict: 'not-judged'}
}
