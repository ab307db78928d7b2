import type {DescribedWalk} from '../../dataplane/walk.ts'
import type {Verdict} from '../../net/packet.ts'
import {isUntracking} from '../walk/target.ts'
import type {LinuxWalk, Step} from '../walk/walk.ts'

type Sides = Pick<DescribedWalk, 'ingress' | 'egress'>

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
 * @param sides what policies have to do with it
 */
export function verdictReason(walk: LinuxWalk, place: string, sides: Sides): string {
  const {verdict, trail, reason, path = 'forward'} = walk
  if (verdict === 'unknown') return reason ?? 'unknown'
  if (path !== 'forward' && verdict === 'accept') return ownText(path, place)
  const deciding = decidingStep(walk)
  const untracking = trail.find(({rule}) => rule?.target?.kind === 'extension' && isUntracking(rule.target))
  const untracked = untracking
    ? `${ruleText(untracking)} takes it out of connection tracking, so that rules for new connections do not see it; `
    : ''
  if (!deciding) return `${untracked}no rule${place} ${trail.length === 0 ? 'matches' : 'drops'} it${policyText(verdict, sides)}`
  const does = verdict === 'drop' ? 'drops' : 'accepts'
  return `${untracked}${ruleText(deciding)}${place} ${does} it${policyText(verdict, sides)}`
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

/** The policies that have a part in the verdict: those that allow, or those that select the pod and do not. */
function policyText(verdict: Verdict, sides: Sides): string {
  const its = [sides.ingress, sides.egress].filter(side => side.verdict === verdict && side.policy !== undefined)
  if (verdict !== 'drop') {
    const names = [...new Set(its.flatMap(({policy}) => policy ?? []))]
    return names.length === 0 ? '' : `; allowed by ${policiesText(names)}`
  }
  const [side] = its
  if (!side) return ''
  const names = side.selecting ?? [side.policy ?? '']
  return `; ${policiesText(names)} ${names.length === 1 ? 'selects the pod and no policy allows' : 'select the pod and none allows'} the packet`
}

const policiesText = (names: readonly string[]): string =>
  names.length === 1 ? `policy ${names[0]}` : `policies ${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
