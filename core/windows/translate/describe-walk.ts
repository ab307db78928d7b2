import type {TraceSide, TraceStep} from '../../contract/trace.ts'
import type {DescribedWalk} from '../../dataplane/walk.ts'
import type {Problem} from '../../problem/problem.ts'
import type {WindowsDocuments} from '../npm/documents.ts'
import {FROM_NODE} from '../npm/priorities.ts'
import type {AclDirection, EndpointRule} from '../walk/endpoint-rules.ts'
import type {Judgement} from '../walk/judge.ts'
import type {NodeEndpoints} from '../walk/node-endpoints.ts'
import type {WindowsWalk} from '../walk/walk.ts'
import {describeAcl, endpointName, placeOf} from './describe-acl.ts'
import type {WindowsTranslation} from './windows-translation.ts'

/** Why a direction is not judged. */
const notJudged = {
  nobody: 'no policy on the node selects it',
  elsewhere: 'it has no endpoint on this node',
  before: 'the packet is dropped before',
  open: 'the walk does not get there',
} as const

/** What follows for a connection, since HNS keeps flows. */
const FLOWS =
  'HNS asks its ACLs about the first packet of a connection: answers pass, and what a change of ACLs does to a connection that goes on is not documented'

/** Describes a walk over a Windows node: the ACLs that decide at each end, and what that has to do with policies. */
export function describeWalk(
  walk: WindowsWalk,
  documents: WindowsDocuments,
  endpoints: NodeEndpoints,
  translation: WindowsTranslation,
): DescribedWalk {
  const {trail, verdict} = walk
  const {node, isForetold} = documents
  const policyOf = ({acl, endpoint}: EndpointRule): string | undefined => {
    const owner = translation.owners.of(acl, endpoint)
    if (owner.kind === 'stale') return 'unknown'
    return owner.kind !== 'policy' ? undefined : owner.policies.length === 1 ? owner.policies[0] : 'unknown'
  }
  const sideOf = (direction: AclDirection): TraceSide => {
    const judgement = trail.find(each => each.direction === direction)
    if (!judgement) {
      const because = verdict === 'drop' ? notJudged.before : verdict === 'unknown' ? notJudged.open : notJudged.elsewhere
      return {verdict: 'not-judged', because}
    }
    const {rules} = endpoints.rules(judgement.endpoint, direction)
    const its = rules.filter(({acl}) => acl.priority !== FROM_NODE).flatMap(rule => policyOf(rule) ?? [])
    const selecting = [...new Set(its)]
    if (selecting.length === 0) return {verdict: 'not-judged', because: notJudged.nobody}
    const {rule} = judgement
    const policy = rule && policyOf(rule)
    return {
      verdict: judgement.verdict,
      ...(policy !== undefined && {policy}),
      ...(rule && {rule: describeAcl(rule.acl, rule.endpoint, translation.terms).text}),
      selecting,
    }
  }
  const sides = {ingress: sideOf('In'), egress: sideOf('Out')}
  const place = isForetold ? '' : ` on node ${node}`
  const deciding = verdict === 'unknown' ? undefined : trail.findLast(each => each.verdict === verdict)
  const steps = trail.flatMap((judgement): TraceStep[] => {
    const {rule} = judgement
    if (!rule) return []
    const policy = policyOf(rule)
    return [
      {
        node,
        where: placeOf(rule.acl, rule.endpoint),
        depth: 0,
        text: describeAcl(rule.acl, rule.endpoint, translation.terms).text,
        ...(policy !== undefined && {policy}),
        ...(judgement === deciding && {decides: true as const}),
      },
    ]
  })
  return {
    trail: steps,
    ...sides,
    reason: reasonOf(walk, deciding, sides, place),
    ...(deciding && {ofConnection: FLOWS}),
    problems: doubtProblems(walk, place),
  }
}

function reasonOf(
  {verdict, reason, trail}: WindowsWalk,
  deciding: Judgement | undefined,
  sides: {readonly ingress: TraceSide; readonly egress: TraceSide},
  place: string,
): string {
  if (verdict === 'unknown') return reason ?? 'unknown'
  if (!deciding) return `no endpoint${place} has an address of the packet, so nothing there judges it`
  const of = ` of endpoint ${endpointName(deciding.endpoint)}${place}`
  const {rule} = deciding
  const by = rule
    ? `ACL ${rule.acl.id ?? 'without id'} (priority ${rule.acl.priority})${of} ${verdict === 'drop' ? 'drops' : 'accepts'} it`
    : verdict === 'drop'
      ? `no ACL${of} allows it`
      : `endpoint ${endpointName(deciding.endpoint)}${place} has no ACL`
  return `${by}${policyText(verdict, deciding.direction === 'In' ? sides.ingress : sides.egress, trail, sides)}`
}

function policyText(
  verdict: WindowsWalk['verdict'],
  side: TraceSide,
  trail: readonly Judgement[],
  sides: {readonly ingress: TraceSide; readonly egress: TraceSide},
): string {
  if (verdict === 'drop') {
    const {selecting = [], policy} = side
    if (selecting.length === 0 || policy === undefined) return ''
    return `; ${policiesText(selecting)} ${selecting.length === 1 ? 'selects the pod and no policy allows' : 'select the pod and none allows'} the packet`
  }
  const allowing = trail.flatMap(({direction}) => {
    const {verdict: its, policy} = direction === 'In' ? sides.ingress : sides.egress
    return its === 'accept' && policy !== undefined ? [policy] : []
  })
  return allowing.length === 0 ? '' : `; allowed by ${policiesText([...new Set(allowing)])}`
}

const policiesText = (names: readonly string[]): string =>
  names.length === 1 ? `policy ${names[0]}` : `policies ${names.slice(0, -1).join(', ')} and ${names.at(-1)}`

const doubtProblems = ({doubts, verdict}: WindowsWalk, place: string): Problem[] =>
  doubts.map(doubt => ({
    code: 'UNSURE_VERDICT',
    message: `the verdict${place === '' ? '' : place} (${verdict}) is not certain: ${doubt}`,
    next: 'Try such a packet on the node before you rely on it.',
  }))
