import {parseIpv4} from '../../net/ipv4.ts'
import type {Packet, Verdict} from '../../net/packet.ts'
import {protocolNumber} from '../../net/protocols.ts'
import {all, type Truth} from '../../net/truth.ts'
import type {PortRange} from '../hns/conditions.ts'
import type {HnsEndpoint} from '../hns/model.ts'
import type {AclDirection, EndpointRule, RuleList} from './endpoint-rules.ts'
import type {SetLookup} from './set-lookup.ts'

/** On what a verdict rests that no vendor documents, or that HNS should not hold. Each is a sentence. */
export type Doubt = string

/** What the rules of one endpoint do with a packet. */
export interface Judgement {
  readonly verdict: Verdict
  readonly direction: AclDirection
  readonly endpoint: HnsEndpoint
  /** The rule that decides; absent when none matches, and where it is not known. */
  readonly rule?: EndpointRule
  /** Why the verdict is unknown. */
  readonly reason?: string
  readonly doubts: readonly Doubt[]
}

const WITH_PORTS: ReadonlySet<number | undefined> = new Set([6, 17, 132])

const inPorts = (
  ports: readonly PortRange[] | 'any' | undefined,
  port: number | undefined,
  protocol: number | undefined,
): Truth => {
  if (ports === 'any') return true
  if (!WITH_PORTS.has(protocol)) return false
  return ports === undefined || port === undefined ? 'unknown' : ports.some(({from, to}) => port >= from && port <= to)
}

/** Whether a packet meets all conditions of a rule. */
function matches(rule: EndpointRule, packet: Packet, sets: SetLookup): Truth {
  const protocol = protocolNumber(packet.protocol)
  const {protocols} = rule
  const ofProtocol: Truth =
    protocols === 'any' ? true : protocols === undefined || protocol === undefined ? 'unknown' : protocols.includes(protocol)
  if (ofProtocol === false) return false
  const ofPorts = all([
    inPorts(rule.destinationPorts, packet.port, protocol),
    inPorts(rule.sourcePorts, packet.sourcePort, protocol),
  ])
  if (ofPorts === false) return false
  const [source, destination] = [parseIpv4(packet.source) ?? -1, parseIpv4(packet.destination) ?? -1]
  return all([
    ofProtocol,
    ofPorts,
    ...rule.source.map(field => sets.holds(field, source)),
    ...rule.destination.map(field => sets.holds(field, destination)),
  ])
}

/**
 * Judges a packet as HNS does: of the rules of its direction that match, one with the lowest priority decides. Among equal ones that
 * differ, the one that blocks is taken, with a doubt. When none matches, an endpoint without any rule allows, and any other denies.
 *
 * Source: section 5 of the reference of HNS.
 */
export function judge(endpoint: HnsEndpoint, list: RuleList, packet: Packet, sets: SetLookup): Judgement {
  const {direction, rules, hasAny} = list
  const common = {direction, endpoint}
  let possible: EndpointRule | undefined
  const isOther = (allows: boolean): boolean => possible !== undefined && possible.allows !== allows
  const skipped: Doubt[] = []
  for (const [at, rule] of rules.entries()) {
    const truth = matches(rule, packet, sets)
    if (truth === false) {
      skipped.push(...missingDoubts(rule, packet, sets))
      continue
    }
    if (rule.allows === undefined) return {...common, verdict: 'unknown', doubts: [], reason: unknownAction(rule)}
    if (truth === 'unknown') {
      if (isOther(rule.allows)) return {...common, verdict: 'unknown', doubts: [], reason: notKnown(possible as EndpointRule)}
      possible ??= rule
      continue
    }
    if (isOther(rule.allows)) return {...common, verdict: 'unknown', doubts: [], reason: notKnown(possible as EndpointRule)}
    const doubts = [...skipped, ...doubtsOf(rule, sets), ...tieDoubts(rule, rules.slice(at + 1), packet, sets)]
    return {...common, verdict: rule.allows ? 'accept' : 'drop', rule, doubts}
  }
  if (isOther(!hasAny)) return {...common, verdict: 'unknown', doubts: [], reason: notKnown(possible as EndpointRule)}
  return {...common, verdict: hasAny ? 'drop' : 'accept', doubts: hasAny ? [...skipped, NO_RULE] : skipped}
}

export const NO_RULE: Doubt =
  'no ACL of its direction matches; that HNS denies it then, because the endpoint has other ACLs, is known of some releases of Windows only'

const nameOf = ({acl: {id, priority}}: EndpointRule): string => `${id ?? 'an ACL without id'} (priority ${priority})`

const unknownAction = (rule: EndpointRule): string =>
  `${nameOf(rule)} has the action ${rule.acl.action}, and what it does is not known`

const notKnown = (rule: EndpointRule): string => `whether ${nameOf(rule)} matches is not known`

function doubtsOf({source, destination}: EndpointRule, sets: SetLookup): Doubt[] {
  const fields = [...source, ...destination]
  return fields.flatMap(field => sets.endless(field)).map(endlessDoubt)
}

export const endlessDoubt = (id: string): Doubt => `the list ${id} has no members, and HNS takes such a list for every address`

export const missingDoubt = (rule: EndpointRule, ids: readonly string[]): Doubt =>
  `${nameOf(rule)} names ${ids.join(', ')}, which no network in the input has; it is taken to hold nobody`

export const tieDoubt = (rule: EndpointRule, tied: EndpointRule): Doubt =>
  `${nameOf(rule)} and ${nameOf(tied)} have one priority and differ: which one HNS asks first is not documented`

/** The rule without what it says of sets that no network has, and the ids of these. Undefined where all are there. */
export function withoutMissing(
  rule: EndpointRule,
  sets: SetLookup,
): {readonly rest: EndpointRule; readonly ids: readonly string[]} | undefined {
  const ids = [...rule.source, ...rule.destination].flatMap(field => sets.missing(field))
  if (ids.length === 0) return undefined
  const others = (fields: EndpointRule['source']) => fields.filter(field => sets.missing(field).length === 0)
  return {rest: {...rule, source: others(rule.source), destination: others(rule.destination)}, ids}
}

/** Of a rule that would match, were it not for sets that no network has. */
function missingDoubts(rule: EndpointRule, packet: Packet, sets: SetLookup): Doubt[] {
  const found = withoutMissing(rule, sets)
  return found && matches(found.rest, packet, sets) !== false ? [missingDoubt(rule, found.ids)] : []
}

/** Rules of the same priority that match as well and do something else. Those that block come first. */
function tieDoubts(rule: EndpointRule, others: readonly EndpointRule[], packet: Packet, sets: SetLookup): Doubt[] {
  const {priority} = rule.acl
  const tied = others.find(
    other => other.acl.priority === priority && other.allows !== rule.allows && matches(other, packet, sets) !== false,
  )
  return tied ? [tieDoubt(rule, tied)] : []
}
