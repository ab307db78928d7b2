import type {IncompletePart} from '../../contract/common.ts'
import type {Walk} from '../../dataplane/walk.ts'
import {parseIpv4} from '../../net/ipv4.ts'
import type {Packet, Verdict} from '../../net/packet.ts'
import {aclSettings} from '../hns/print.ts'
import type {WindowsDocuments} from '../npm/documents.ts'
import type {AclDirection} from './endpoint-rules.ts'
import {type Judgement, judge} from './judge.ts'
import type {NodeEndpoints} from './node-endpoints.ts'
import type {SetLookup} from './set-lookup.ts'

/** The verdict of a Windows node about a packet. */
export interface WindowsWalk extends Walk {
  /** What the sender's endpoint and the receiver's say, as far as they are on this node. */
  readonly trail: readonly Judgement[]
  readonly doubts: readonly string[]
}

/** What walks need of a node. */
export interface WalkedNode {
  readonly endpoints: NodeEndpoints
  readonly sets: SetLookup
}

/**
 * Judges a packet at the endpoints of its ends: what the sender's may send, and then what the receiver's may receive. An end that has
 * no endpoint on the node is judged elsewhere, or by nobody.
 */
export function walk({endpoints, sets}: WalkedNode, packet: Packet, documents: WindowsDocuments): WindowsWalk {
  if (parseIpv4(packet.source) === undefined || parseIpv4(packet.destination) === undefined)
    return {verdict: 'unknown', trail: [], doubts: [], reason: 'only IPv4 packets are judged: Azure NPM filters no others'}
  const trail: Judgement[] = []
  let verdict: Verdict = 'accept'
  let reason: string | undefined
  for (const [address, direction] of [
    [packet.source, 'Out'],
    [packet.destination, 'In'],
  ] as const) {
    const found = judgeAt(address, direction, packet, {endpoints, sets})
    trail.push(...found.trail)
    if (found.verdict === 'accept') continue
    // A packet that one end may deny and the other denies is denied.
    verdict = found.verdict === 'drop' ? 'drop' : 'unknown'
    reason = found.reason
    if (verdict === 'drop') break
  }
  const incomplete = verdict === 'unknown' ? lostParts(documents) : []
  return {
    verdict,
    trail: verdict === 'drop' ? trail.filter(({verdict: each}) => each !== 'unknown') : trail,
    doubts: [...new Set(trail.flatMap(({doubts}) => doubts))],
    path: 'forward',
    decidedBy: () => decidedBy(trail.findLast(each => each.verdict === verdict)),
    ...(verdict === 'unknown' && reason !== undefined && {reason}),
    ...(incomplete.length > 0 && {incomplete}),
  }
}

/** One rule has copies at many endpoints. */
function decidedBy(judgement: Judgement | undefined): string {
  const {direction, verdict, rule} = judgement ?? {}
  return JSON.stringify([direction, verdict, rule && aclSettings(rule.acl)])
}

interface Found {
  readonly verdict: Verdict
  readonly trail: readonly Judgement[]
  readonly reason?: string | undefined
}

function judgeAt(address: string, direction: AclDirection, packet: Packet, {endpoints, sets}: WalkedNode): Found {
  const {endpoints: its, lost} = endpoints.at(address)
  if (lost !== undefined) return {verdict: 'unknown', trail: [], reason: lost}
  const judged = its.map(endpoint => judge(endpoint, endpoints.rules(endpoint, direction), packet, sets))
  const [first, ...others] = judged
  if (!first) return {verdict: 'accept', trail: []}
  if (others.every(({verdict}) => verdict === first.verdict))
    return {verdict: first.verdict, trail: [first], reason: first.reason}
  const names = its.map(({name, id}) => name || id).join(' and ')
  return {
    verdict: 'unknown',
    trail: [],
    reason: `endpoints ${names} have the address ${address}, their ACLs differ, and the input does not tell which of them the pod is attached to`,
  }
}

const lostParts = ({lost, policies}: WindowsDocuments): readonly IncompletePart[] =>
  lost.filter(({part}) => part === 'endpoints' || !policies)
