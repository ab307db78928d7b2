import {isUntracking} from '../walk/target.ts'
import type {LinuxWalk, Step} from '../walk/walk.ts'
import type {OpenRules} from './open-rules.ts'

/** The step that decides about a packet. Undefined when no rule accepts it by itself: then the policies of all chains let it pass. */
export function decidingStep({verdict, trail}: LinuxWalk): Step | undefined {
  if (verdict !== 'accept') return trail.at(-1)
  return trail.findLast(
    ({table, rule}) => table === 'filter' && rule?.target?.kind === 'verdict' && rule.target.verdict === 'ACCEPT',
  )
}

/**
 * Which rule decides about a packet, in one sentence.
 *
 * @param place ` on node NAME`; empty for a node that was not read
 */
export function verdictReason(walk: LinuxWalk, place: string, rules: OpenRules): string {
  const {verdict, trail, reason, path = 'forward'} = walk
  if (verdict === 'unknown') return reason ?? 'unknown'
  if (path !== 'forward' && verdict === 'accept') return ownText(path, place)
  const deciding = decidingStep(walk)
  const untracking = trail.find(({rule}) => rule?.target?.kind === 'extension' && isUntracking(rule.target))
  const untracked = untracking
    ? `${ruleText(untracking)} takes it out of connection tracking, so that rules for new connections do not see it; `
    : ''
  if (!deciding) return `${untracked}no rule${place} ${trail.length === 0 ? 'matches' : 'drops'} it${policyText(walk, rules)}`
  const does = verdict === 'drop' ? 'drops' : 'accepts'
  return `${untracked}${ruleText(deciding)}${place} ${does} it${policyText(walk, rules)}`
}

function ownText(path: 'input' | 'output', place: string): string {
  const who = path === 'input' ? 'the receiver' : 'the sender'
  const node = place === '' ? 'the node' : place.replace(/^ on /, '')
  return `${who} is ${node} itself: such packets go through ${path.toUpperCase()}, where Azure NPM judges none, and no rule there drops it`
}

function ruleText({position, chain, backend}: Step): string {
  const of = backend ? ` (${backend} rules)` : ''
  return `${position === 0 ? `the policy of ${chain}` : `rule ${position} of ${chain}`}${of}`
}

function policyText({verdict, trail}: LinuxWalk, rules: OpenRules): string {
  const marking = trail.findLast(({rule}) => rule && rules.say(rule).policy !== undefined)
  const policy = marking?.rule && rules.say(marking.rule).policy
  if (policy === undefined) return ''
  return verdict === 'drop'
    ? `; policy ${policy} selects the pod and no policy allows the packet`
    : `; allowed by policy ${policy}`
}
