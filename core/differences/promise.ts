import type {NodeState} from '../dataplane/dataplane.ts'
import {parseIpv4Block, printIpv4} from '../net/ipv4.ts'
import type {Packet, Verdict} from '../net/packet.ts'
import {endClasses} from '../packets/end-classes.ts'
import type {JudgedPackets, PacketDomain, PacketSetWalk} from '../packets/packet-domain.ts'
import {allServices, packetService} from '../packets/services.ts'
import {memberText, parseMember} from '../sets/member.ts'
import type {NodeSet} from '../sets/node-set.ts'
import type {WalkedSet} from '../sets/set-index.ts'

/** Packets of which it is to be known how they are judged. */
export interface PromisedPackets {
  readonly domains: readonly PacketDomain[]
}

/**
 * All packets that nodes may judge differently, when the members of sets change one by one: addresses that sets and rules of any of the
 * nodes tell apart, and those of every member that not all nodes have by themselves.
 *
 * @param touched when given, only packets from or to these addresses and blocks
 */
export function promisedPackets(nodes: readonly NodeState[], touched?: Iterable<string>): PromisedPackets {
  const sets = new Map<string, WalkedSet>()
  const bySet = Map.groupBy(
    nodes.flatMap(node => [...(node.sets?.values() ?? [])]),
    ({name}) => name,
  )
  const alone = new Set(touched)
  for (const [name, all] of bySet) {
    const distinct = [...new Set(all)]
    for (const [number, {type, header, members}] of distinct.entries())
      sets.set(`${name} ${number}`, {type, header, members: members.map(memberText)})
    if (!touched) for (const member of notCommon(distinct, nodes.length > all.length)) alone.add(member)
  }
  for (const member of alone) sets.set(`changes ${member}`, {type: 'hash:net', members: [member]})
  const {all} = endClasses({
    pods: [],
    nodes: new Map(),
    sets,
    blocks: new Set(nodes.flatMap(node => [...node.ruleBlocks(), ...(node.judgedAddresses ?? [])])),
    likeness: () => '',
  })
  const addresses = all.map(({address}) => address)
  const services = [allServices]
  if (!touched) return {domains: [{senders: addresses, receivers: addresses, services}]}
  const blocks = [...alone].flatMap(member => parseIpv4Block(member) ?? [])
  const isTouched = (address: number) =>
    blocks.some(({base, prefix}) => prefix === 0 || (address - base) >>> 0 < 2 ** (32 - prefix))
  const ends = addresses.filter(isTouched)
  return {
    domains: [
      {senders: addresses, receivers: ends, services},
      {senders: ends, receivers: addresses.filter(address => !isTouched(address)), services},
    ].filter(({senders, receivers}) => senders.length > 0 && receivers.length > 0),
  }
}

/** Addresses of members that not all of some sets have. */
function notCommon(sets: readonly NodeSet[], isAbsentSomewhere: boolean): string[] {
  if (sets.length < 2 && !isAbsentSomewhere) return []
  const counts = new Map<string, number>()
  for (const {type, members} of sets)
    if (type !== 'list:set')
      for (const member of members) {
        const text = memberText(member)
        counts.set(text, (counts.get(text) ?? 0) + 1)
      }
  return [...counts].flatMap(([text, count]) => (count < sets.length || isAbsentSomewhere ? [parseMember(text).subject] : []))
}

/** A packet that is judged otherwise in between than before and after. */
export interface Breach {
  readonly packet: Packet
  readonly before: Verdict
  readonly after: Verdict
  readonly between: Verdict
}

/**
 * Whether states on the way from one node to another keep the promise: what both allow stays allowed, and what both deny stays denied.
 * It is found out for all packets, as sets of them.
 */
export class KeptPromise {
  private readonly ends: readonly {readonly domain: PacketDomain; readonly before: PacketSetWalk; readonly after: PacketSetWalk}[]
  private readonly known = new Map<string, readonly Judged[]>()

  constructor(before: NodeState, after: NodeState, {domains}: PromisedPackets) {
    this.ends = domains.map(domain => ({domain, before: before.walkSets(domain), after: after.walkSets(domain)}))
  }

  /**
   * A packet that breaks the promise, or of which it is not known whether it does. Undefined when it is kept.
   *
   * @param isSure leaves packets out of which it is not known
   */
  breach(between: NodeState, isSure = false): Breach | undefined {
    for (const [number, {domain, before, after}] of this.ends.entries()) {
      const walk = between.walkSets(domain)
      for (const receiver of domain.receivers.keys()) {
        const key = `${number} ${receiver}`
        let meant = this.known.get(key)
        if (!meant) this.known.set(key, (meant = judgedTwice(before.judge(receiver), after.judge(receiver))))
        const found = firstBreach(meant, walk.judge(receiver), isSure)
        if (!found) continue
        const {sender, service, ...verdicts} = found
        const packet = {
          source: printIpv4(domain.senders[sender] as number),
          destination: printIpv4(domain.receivers[receiver] as number),
          ...packetService(service),
        }
        return {packet, ...verdicts}
      }
    }
    return undefined
  }
}

/** Packets with what happens to them on two nodes. */
interface Judged extends Omit<JudgedPackets, 'verdict'> {
  readonly before: Verdict
  readonly after: Verdict
}

const placeOf = ({translated}: Pick<JudgedPackets, 'translated'>): string =>
  translated ? `${translated.destination}:${translated.port}` : ''

/** What packets have in common that are in a part of either list, and go to the same place. */
function* common<One extends Omit<JudgedPackets, 'verdict'>>(
  ones: readonly One[],
  others: readonly JudgedPackets[],
): Generator<{
  readonly one: One
  readonly other: JudgedPackets
  readonly senders: JudgedPackets['senders']
  readonly from: number
  readonly to: number
}> {
  for (const one of ones)
    for (const other of others) {
      const [from, to] = [Math.max(one.from, other.from), Math.min(one.to, other.to)]
      if (from > to || placeOf(one) !== placeOf(other) || !one.senders.meets(other.senders)) continue
      yield {one, other, senders: one.senders.and(other.senders), from, to}
    }
}

/** Packets whose verdict may change in between: those that have the same on both nodes, or one that is not known. */
function judgedTwice(before: readonly JudgedPackets[], after: readonly JudgedPackets[]): Judged[] {
  const found: Judged[] = []
  for (const {one, other, senders, from, to} of common(before, after)) {
    const isSettled = one.verdict !== other.verdict && one.verdict !== 'unknown' && other.verdict !== 'unknown'
    if (!isSettled) found.push({...one, senders, from, to, before: one.verdict, after: other.verdict})
  }
  return found
}

function firstBreach(meant: readonly Judged[], walked: readonly JudgedPackets[], isSure: boolean) {
  for (const {one, other, senders, from} of common(meant, walked)) {
    const {before, after} = one
    const between = other.verdict
    if (between !== 'unknown' && (between === before || between === after)) continue
    const isUnsure = before === 'unknown' || after === 'unknown' || between === 'unknown'
    if (isSure && isUnsure) continue
    return {sender: senders.first as number, service: from, before, after, between}
  }
  return undefined
}
