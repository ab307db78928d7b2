import type {TraceStep} from '../../contract/trace.ts'
import type {DescribedWalk} from '../../dataplane/walk.ts'
import type {LinuxDocuments} from '../npm/documents.ts'
import type {LinuxWalk, Step} from '../walk/walk.ts'
import {directionVerdicts} from './direction-verdicts.ts'
import {type OpenRules, openRules} from './open-rules.ts'
import {decidingStep, verdictReason} from './verdict-reason.ts'

/** Describes a walk over a Linux node's rules: its steps, the verdict of each direction, and the reason. */
export function describeWalk(documents: LinuxDocuments, walk: LinuxWalk): DescribedWalk {
  const {trail, verdict} = walk
  const {node, isForetold} = documents
  const deciding = decidingStep(walk)
  const rules = openRules(
    documents,
    trail.flatMap(({rule}) => rule ?? []),
  )
  const sides = directionVerdicts(trail, verdict, rules, walk.path)
  return {
    trail: trail.map(step => ({...traceStep(step, node, rules), ...(step === deciding && {decides: true as const})})),
    ...sides,
    reason: verdictReason(walk, isForetold ? '' : ` on node ${node}`, sides),
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
