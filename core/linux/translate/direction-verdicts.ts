import type {TraceSide} from '../../contract/trace.ts'
import type {Walk} from '../../dataplane/walk.ts'
import type {Direction} from '../../names/kernel-name.ts'
import type {Verdict} from '../../net/packet.ts'
import {directionChains, v1RuleChains} from '../npm/chain-names.ts'
import {policyChain} from '../npm/policy-chain.ts'
import type {Step} from '../walk/walk.ts'
import type {OpenRules} from './open-rules.ts'

/** Why a direction is not judged. */
const notJudged = {
  nobody: 'no policy on the node selects it',
  before: 'the packet is dropped before',
  unreached: "no rule leads it to Azure NPM's rules of this direction",
  own: 'Azure NPM judges no packets that the node itself sends or receives',
  open: 'the walk does not get there',
} as const

/** Finds the verdict of each direction, from the rules of Azure NPM that matched. */
export function directionVerdicts(
  trail: readonly Step[],
  verdict: Verdict,
  rules: OpenRules,
  path: NonNullable<Walk['path']> = 'forward',
): {ingress: TraceSide; egress: TraceSide} {
  const side = (direction: Direction): TraceSide => {
    const found = sideOf(direction, trail, verdict, rules)
    const selecting = selectingOf(direction, trail, rules)
    const because = found.verdict === 'not-judged' ? whyNot(direction, trail, verdict, selecting, path) : undefined
    return {...found, ...(selecting.length > 0 && {selecting}), ...(because !== undefined && {because})}
  }
  return {ingress: side('Ingress'), egress: side('Egress')}
}

/** The policies whose rules select the pod: those whose chains the packet is sent to. Rules of v1 do not show them. */
function selectingOf(direction: Direction, trail: readonly Step[], rules: OpenRules): string[] {
  const jumps = trail.filter(
    ({chain, rule}) =>
      chain === directionChains[direction] &&
      rule?.target?.kind === 'jump' &&
      policyChain(rule.target.chain)?.direction === direction,
  )
  return [...new Set(jumps.flatMap(({rule}) => (rule && rules.say(rule).policy) ?? []))]
}

function whyNot(
  direction: Direction,
  trail: readonly Step[],
  verdict: Verdict,
  selecting: readonly string[],
  path: NonNullable<Walk['path']>,
): string {
  if (path !== 'forward') return notJudged.own
  const isReached = (its: Direction) =>
    trail.some(({rule}) => rule?.target?.kind === 'jump' && rule.target.chain === directionChains[its])
  // Ingress is judged first: an unknown walk that has come to egress is through with it.
  if (verdict === 'unknown' && !(direction === 'Ingress' && isReached('Egress'))) return notJudged.open
  if (selecting.length > 0)
    return `${selecting.join(', ')} ${selecting.length === 1 ? 'selects' : 'select'} the pod, but no rule there applies to the packet`
  if (isReached(direction)) return notJudged.nobody
  return verdict === 'drop' ? notJudged.before : notJudged.unreached
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
