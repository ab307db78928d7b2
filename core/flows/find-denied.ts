import type {DeniedFlow} from '../contract/writes.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import type {Packet} from '../net/packet.ts'
import type {Connection} from './connection.ts'
import {KnownEnds} from './known-ends.ts'

/** A connection that goes on although the rules would drop it if it were new. */
export interface DeniedConnection {
  readonly connection: Connection
  readonly flow: DeniedFlow
}

export interface FlowCounts {
  /** Entries of conntrack. */
  readonly connections: number
  /** Of these, those that the node forwards over IPv4, that were answered and are not over. */
  readonly judged: number
  readonly denied: number
  /** That the rules deny and that nobody has answered: their packets are dropped, an answer on its way would let them go on. */
  readonly unanswered: number
  readonly unknown: number
}

export interface FoundFlows {
  readonly denied: readonly DeniedConnection[]
  readonly counts: FlowCounts
  /** Why it is not known of some connections whether they are denied, and of how many; the most frequent first. */
  readonly unknown: readonly {readonly reason: string; readonly connections: number}[]
}

export interface FindOptions {
  /** All IPv4 addresses of the node, where it was asked for them. Without them the cluster's objects tell them. */
  readonly ownAddresses?: ReadonlySet<string>
}

type Judgement =
  | {readonly verdict: 'accept' | 'elsewhere'}
  | {readonly verdict: 'drop'; readonly reason: string}
  /** Whether the port of the sender, which is not looked at first, may tell. */
  | {readonly verdict: 'unknown'; readonly reason: string; readonly mayDependOnPort?: true}

/**
 * Finds the connections that go on although policies would drop them if they were new. Of each, the packet that opened it is walked through
 * the rules as a new one, with the destination that it has behind a service. Connections of the node itself are left aside, as Azure NPM
 * does not judge them, and so are those that are over. Of a connection that nobody has answered every packet is new to the kernel: it
 * does not go on.
 */
export function findDenied(node: NodeState, connections: readonly Connection[], options: FindOptions = {}): FoundFlows {
  const judge = new Judge(node, options)
  const denied: DeniedConnection[] = []
  const reasons = new Map<string, number>()
  let judged = 0
  let unanswered = 0
  for (const connection of connections) {
    if (connection.family !== 'ipv4' || isOver(connection)) continue
    const judgement = judge.judge(connection)
    if (judgement.verdict === 'elsewhere') continue
    if (connection.isUnreplied) {
      if (judgement.verdict === 'drop') unanswered++
      continue
    }
    judged++
    if (judgement.verdict === 'unknown') reasons.set(judgement.reason, (reasons.get(judgement.reason) ?? 0) + 1)
    else if (judgement.verdict === 'drop') denied.push({connection, flow: flowOf(connection, judge.ends, judgement.reason)})
  }
  const unknown = [...reasons].map(([reason, count]) => ({reason, connections: count}))
  return {
    denied,
    counts: {
      connections: connections.length,
      judged,
      denied: denied.length,
      unanswered,
      unknown: unknown.reduce((sum, each) => sum + each.connections, 0),
    },
    unknown: unknown.toSorted((one, other) => other.connections - one.connections),
  }
}

/** States in which both ends have said all: the entry only waits for its end. */
const OVER: ReadonlySet<string> = new Set(['TIME_WAIT', 'CLOSE', 'LAST_ACK', 'CLOSED'])

const isOver = ({state}: Connection): boolean => state !== undefined && OVER.has(state)

const WALKED: ReadonlySet<string> = new Set(['tcp', 'udp', 'sctp', 'icmp'])

/** Walks each kind of packet once: there may be thousands of connections of one. */
class Judge {
  readonly ends: KnownEnds
  private readonly node: NodeState
  private readonly known = new Map<string, Judgement>()

  constructor(node: NodeState, {ownAddresses}: FindOptions) {
    this.node = node
    this.ends = new KnownEnds(node, ownAddresses)
  }

  judge(connection: Connection): Judgement {
    const {protocol, original, reply} = connection
    const kind = `${protocol} ${original.source} ${original.destination} ${original.destinationPort} ${reply.source} ${reply.sourcePort}`
    let judgement = this.known.get(kind)
    if (!judgement) {
      judgement = this.walk(connection, false)
      this.known.set(kind, judgement)
    }
    // Rules may ask for the port of the sender, which is another one for each connection.
    return judgement.verdict === 'unknown' && judgement.mayDependOnPort ? this.walk(connection, true) : judgement
  }

  private walk({protocol, original, reply}: Connection, withSourcePort: boolean): Judgement {
    const own = [original.source, reply.source].map(address => this.ends.isOwn(address))
    if (own.includes(true)) return {verdict: 'elsewhere'}
    if (!WALKED.has(protocol)) return {verdict: 'unknown', reason: `what happens to packets of ${protocol} is not known`}
    const {source, sourcePort, destination, destinationPort} = original
    const packet = {
      source,
      destination: reply.source,
      protocol: protocol as Packet['protocol'],
      ...(reply.sourcePort !== undefined && {port: reply.sourcePort}),
      ...(withSourcePort && sourcePort !== undefined && {sourcePort}),
    }
    const walk = this.node.walk(packet)
    if (walk.path === 'input' || walk.path === 'output') return {verdict: 'elsewhere'}
    if (walk.verdict === 'accept') return {verdict: 'accept'}
    if (walk.verdict === 'unknown')
      return {
        verdict: 'unknown',
        reason: walk.reason ?? 'the rules do not tell',
        ...(sourcePort !== undefined && !withSourcePort && {mayDependOnPort: true as const}),
      }
    const {ingress, egress, reason} = this.node.describe(walk)
    // What rules of other programs drop, no policy denies.
    if (ingress.verdict !== 'drop' && egress.verdict !== 'drop') return {verdict: 'accept'}
    if (destination !== reply.source || destinationPort !== reply.sourcePort) {
      // Rules may let pass what comes by a service, by the mark that it gets on its way.
      const given = {...packet, destination, ...(destinationPort !== undefined && {port: destinationPort})}
      const {verdict, translated, ways = [translated]} = this.node.walk(given)
      const isSame = ways.some(way => way?.destination === reply.source && way.port === reply.sourcePort)
      if (verdict === 'accept' && isSame) return {verdict: 'accept'}
    }
    const unsure = [source, reply.source].find((_, end) => own[end] === 'unknown')
    if (unsure !== undefined)
      return {
        verdict: 'unknown',
        reason: `whether ${unsure} is an address of the node itself, which Azure NPM does not judge, is not in the input`,
      }
    return {verdict: 'drop', reason}
  }
}

function flowOf({protocol, original, reply, zone}: Connection, ends: KnownEnds, reason: string): DeniedFlow {
  const {source, sourcePort, destination, destinationPort} = original
  const isTranslated = destination !== reply.source || destinationPort !== reply.sourcePort
  const from = ends.podAt(source)
  const to = ends.podAt(reply.source)
  const itsZone = zone ?? original.zone
  return {
    protocol,
    source,
    ...(sourcePort !== undefined && {sourcePort}),
    destination: reply.source,
    ...(reply.sourcePort !== undefined && {destinationPort: reply.sourcePort}),
    ...(isTranslated && {service: destinationPort === undefined ? destination : `${destination}:${destinationPort}`}),
    ...(itsZone !== undefined && itsZone !== 0 && {zone: itsZone}),
    ...(from !== undefined && {from}),
    ...(to !== undefined && {to}),
    reason,
  }
}
