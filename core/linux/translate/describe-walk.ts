import type {TraceStep} from '../../contract/trace.ts'
import type {DescribedWalk} from '../../dataplane/dataplane.ts'
import type {LinuxDocuments} from '../npm/documents.ts'
import type {LinuxWalk, Step} from '../walk/walk.ts'
import {directionVerdicts} from './direction-verdicts.ts'
import {type OpenRules, openRules} from './open-rules.ts'

/** Describes a walk over a Linux node's rules: its steps, the verdict of each direction, and the reason. */
export function describeWalk(documents: LinuxDocuments, walk: LinuxWalk): DescribedWalk {
  const {trail, verdict} = walk
  const {node, isForetold} = documents
  const rules = openRules(
    documents,
    trail.flatMap(({rule}) => rule ?? []),
  )
  return {
    trail: trail.map(step => traceStep(step, node, rules)),
    ...directionVerdicts(trail, verdict, rules),
    reason: reasonOf(walk, isForetold ? '' : ` on node ${node}`, rules),
    problems: rules.problems,
  }
}

function traceStep({table, chain, position, depth, rule, backend}: Step, node: string, rules: OpenRules): TraceStep {
  const described = rule && rules.say(rule)
  return {
    node,
    where: {table, ...(backend && {backend}), chain, position, ...(rule && rule.line > 0 && {line: rule.line})},
    depth,
    text: described?.text ?? 'the policy of the chain',
    ...(described?.policy !== undefined && {policy: described.policy}),
  }
}

/** @param place ` on node NAME`; empty for a node that was not read */
function reasonOf({verdict, trail, reason, path = 'forward'}: LinuxWalk, place: string, rules: OpenRules): string {
  if (verdict === 'unknown') return reason ?? 'unknown'
  const last = trail.at(-1)
  if (path !== 'forward' && verdict === 'accept')
    return `${path === 'input' ? 'the receiver' : 'the sender'} is${place.replace(/^ on/, '') || ' the node'} itself: such packets go through ${path.toUpperCase()}, where Azure NPM judges none, and no rule there drops it`
  if (!last) return `no rule${place} matches it`
  const of = last.backend ? ` (${last.backend} rules)` : ''
  const where = last.position === 0 ? `the policy of ${last.chain}` : `rule ${last.position} of ${last.chain}`
  const marking = trail.toReversed().find(({rule}) => rule && rules.say(rule).policy !== undefined)
  const policy = marking?.rule && rules.say(marking.rule).policy
  const by =
    policy === undefined
      ? ''
      : verdict === 'drop'
        ? `; policy ${policy} selects the pod and no policy allows the packet`
        : `; allowed by policy ${policy}`
  return `${where}${of}${place} ${verdict === 'drop' ? 'drops' : 'accepts'} it${by}`
}
