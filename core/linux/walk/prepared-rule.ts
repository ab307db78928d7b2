import {parseIpv4, parseIpv4Block} from '../../net/ipv4.ts'
import {all, type Truth} from '../../net/truth.ts'
import type {EndTruth} from '../../packets/packet-domain.ts'
import {allServices, cutServices, protocolAt, protocolEdges, type ServiceRange, serviceAt} from '../../packets/services.ts'
import {parseMember} from '../../sets/member.ts'
import type {SetIndex} from '../../sets/set-index.ts'
import type {Match, Rule} from '../iptables/model.ts'
import type {EndConditions} from './end-conditions.ts'
import {fieldsOf, holds, type PacketField, type Passing} from './match.ts'
import {askedSets, isWritten, type WrittenSets} from './written-sets.ts'

/** Services with the same answer. */
export interface ServiceTruth extends ServiceRange {
  /** Whether it is known that the conditions hold. */
  readonly isCertain: boolean
}

/** A rule whose conditions are sorted by what they look at, those on one end only answered for all ends. */
export interface PreparedRule {
  readonly rule: Rule
  /** Whether a condition that looks at nothing is unknown. */
  readonly isUncertain: boolean
  /** Undefined without a condition on the sender alone. */
  readonly senders: EndTruth | undefined
  readonly receivers: EndTruth | undefined
  /** The conditions on the receiver alone, for receivers that are not in the domain. */
  readonly receiverMatches: readonly Match[]
  /** Undefined without a condition on the protocol and port alone. */
  readonly services: readonly ServiceTruth[] | undefined
  readonly serviceMatches: readonly Match[]
  /** Conditions on what rules and hooks change: marks, the connection's state. */
  readonly changing: readonly Match[]
  /** Conditions on the service and something else, but not on the sender. */
  readonly mixed: readonly Match[]
  /** Conditions on the sender and something else. */
  readonly senderMixed: readonly Match[]
  /** The rule for packets for which rules before it wrote these sets. Absent where it asks none that any rule writes. */
  readonly after?: (written: WrittenSets) => PreparedRule | undefined
}

const SERVICE: ReadonlySet<PacketField> = new Set(['protocol', 'port'])
/** The same for all packets of a domain at every hook: none has a known source port, and all come from outside the node. */
const FIXED: ReadonlySet<PacketField> = new Set(['sourcePort', 'in'])
const OF_ENDS_OR_SERVICE: ReadonlySet<PacketField> = new Set(['source', 'destination', ...SERVICE])
const isWithin = (fields: readonly PacketField[], those: ReadonlySet<PacketField>) => fields.every(field => those.has(field))

interface RuleEnds {
  readonly senders: EndConditions
  readonly receivers: EndConditions
}

/** The conditions of a rule by what they look at. */
interface SortedMatches {
  /** Whether one looks at what is not kept, so that it is unknown. */
  readonly isUncertain: boolean
  /** On nothing that packets of a domain differ in. */
  readonly fixed: readonly Match[]
  readonly senders: readonly Match[]
  readonly receivers: readonly Match[]
  readonly services: readonly Match[]
  readonly changing: readonly Match[]
  readonly mixed: readonly Match[]
  readonly senderMixed: readonly Match[]
}

function sortMatches(matches: readonly Match[], sets: SetIndex): SortedMatches {
  let isUncertain = false
  const sorted = {fixed: [], senders: [], receivers: [], services: [], changing: [], mixed: [], senderMixed: []} as {
    [kind in Exclude<keyof SortedMatches, 'isUncertain'>]: Match[]
  }
  for (const match of matches) {
    if (match.kind === 'comment') continue
    const looked = fieldsOf(match, sets)
    const fields = looked.some(field => FIXED.has(field)) ? looked.filter(field => !FIXED.has(field)) : looked
    // The destination before translation is not kept, and no range of addresses is what a mask that is no prefix holds.
    if (fields.includes('original') || hasOddMask(match, sets)) isUncertain = true
    else if (fields.length === 0) sorted.fixed.push(match)
    else sorted[kindOf(fields)].push(match)
  }
  return {...sorted, isUncertain}
}

/** The conditions of a rule that look at one end alone. */
export const endConditionsOf = (matches: readonly Match[], sets: SetIndex): Pick<SortedMatches, 'senders' | 'receivers'> =>
  sortMatches(matches, sets)

/** @returns undefined for a rule that no packet of the domain matches */
export function prepareRule(
  rule: Rule,
  ends: RuleEnds,
  sets: SetIndex,
  blank: Passing,
  matches: readonly Match[] = rule.matches,
): LatePreparedRule | undefined {
  const sorted = sortMatches(matches, sets)
  let isUncertain = sorted.isUncertain || matches.length < rule.matches.length
  for (const match of sorted.fixed) {
    const truth = holds(match, blank, sets)
    if (truth === false) return undefined
    if (truth === 'unknown') isUncertain = true
  }
  const prepared = new LatePreparedRule(rule, {...sorted, isUncertain}, {ends, sets, blank})
  // Of few senders it is soon known that a rule is for none of them. Of many it is asked for the receivers that there are.
  const isOfNoSender = ends.senders.all.size <= ends.receivers.all.size && prepared.senders?.possible.isEmpty
  return isOfNoSender ? undefined : prepared
}

interface Preparing {
  readonly ends: RuleEnds
  readonly sets: SetIndex
  readonly blank: Passing
}

/** Most rules of a node are for other receivers, so what else they ask is answered when a packet to one of theirs comes. */
class LatePreparedRule implements PreparedRule {
  readonly rule: Rule
  after?: NonNullable<PreparedRule['after']>
  private readonly sorted: SortedMatches
  private readonly preparing: Preparing
  private from: EndTruth | undefined
  private to: EndTruth | undefined
  private ranges: readonly ServiceTruth[] | undefined

  constructor(rule: Rule, sorted: SortedMatches, preparing: Preparing) {
    this.rule = rule
    this.sorted = sorted
    this.preparing = preparing
  }

  get isUncertain(): boolean {
    return this.sorted.isUncertain
  }

  get senders(): EndTruth | undefined {
    return (this.from ??= this.preparing.ends.senders.ofAll(this.sorted.senders))
  }

  get receivers(): EndTruth | undefined {
    return (this.to ??= this.preparing.ends.receivers.ofAll(this.sorted.receivers))
  }

  get receiverMatches(): readonly Match[] {
    return this.sorted.receivers
  }

  get services(): readonly ServiceTruth[] | undefined {
    if (this.sorted.services.length === 0) return undefined
    return (this.ranges ??= allServicesOf(this.sorted.services, this.preparing.blank, this.preparing.sets))
  }

  get serviceMatches(): readonly Match[] {
    return this.sorted.services
  }

  get changing(): readonly Match[] {
    return this.sorted.changing
  }

  get mixed(): readonly Match[] {
    return this.sorted.mixed
  }

  get senderMixed(): readonly Match[] {
    return this.sorted.senderMixed
  }
}

/**
 * A rule that asks sets that other rules write, for packets that have passed such rules, or have not.
 *
 * @param written the sets that any rule of the node writes
 * @returns undefined when it asks none of them
 */
export function prepareDoubtfulRule(
  rule: Rule,
  ends: RuleEnds,
  sets: SetIndex,
  blank: Passing,
  written: WrittenSets,
): PreparedRule | undefined {
  const isAsked = (match: Match, those: WrittenSets) => askedSets(match).some(name => isWritten(name, those, sets))
  if (written.length === 0 || !rule.matches.some(match => isAsked(match, written))) return undefined
  const known = new Map<string, PreparedRule | undefined>()
  const prepare = (those: WrittenSets): LatePreparedRule | undefined => {
    const matches = rule.matches.filter(match => !isAsked(match, those))
    return prepareRule(rule, ends, sets, blank, matches)
  }
  const after = (those: WrittenSets): PreparedRule | undefined => {
    const key = those.join(' ')
    if (!known.has(key)) known.set(key, prepare(those))
    return known.get(key)
  }
  const unasked = prepare(written)
  if (unasked) unasked.after = after
  return unasked
}

/** Whether a condition looks at some bits of addresses that are not the first ones, so that classes of addresses may not tell them apart. */
function hasOddMask(match: Match, sets: SetIndex): boolean {
  if (match.kind === 'address') return parseIpv4Block(match.block) === undefined
  const set = askedSets(match)[0]
  if (set === undefined) return false
  const known = oddSets.get(sets) ?? new Map<string, boolean>()
  oddSets.set(sets, known)
  let isOdd = known.get(set)
  if (isOdd === undefined) known.set(set, (isOdd = isOddSet(set, sets)))
  return isOdd
}

const oddSets = new WeakMap<SetIndex, Map<string, boolean>>()

function isOddSet(name: string, sets: SetIndex): boolean {
  const set = sets.set(name)
  if (set?.type !== 'list:set') return set?.header?.has('bitmask') === true
  for (const member of set.members) if (sets.set(parseMember(member).subject)?.header?.has('bitmask')) return true
  return false
}

function kindOf(fields: readonly PacketField[]): Exclude<keyof SortedMatches, 'isUncertain' | 'fixed'> {
  if (fields.includes('source')) return fields.every(field => field === 'source') ? 'senders' : 'senderMixed'
  if (fields.every(field => field === 'destination')) return 'receivers'
  if (isWithin(fields, SERVICE)) return 'services'
  return fields.some(field => OF_ENDS_OR_SERVICE.has(field)) ? 'mixed' : 'changing'
}

const knownServices = new WeakMap<SetIndex, Map<string, readonly ServiceTruth[]>>()

/** Of all services those for which conditions on nothing else hold or are unknown. Most rules of a node have the same few. */
function allServicesOf(matches: readonly Match[], blank: Passing, sets: SetIndex): readonly ServiceTruth[] {
  let known = knownServices.get(sets)
  if (!known) knownServices.set(sets, (known = new Map()))
  const key = JSON.stringify(matches)
  let services = known.get(key)
  if (!services) known.set(key, (services = serviceTruths(matches, blank, allServices, sets)))
  return services
}

/** The parts of a range of services for which conditions hold or are unknown. Neighbours with the same answer are one. */
export function serviceTruths(
  matches: readonly Match[],
  packet: Passing,
  range: ServiceRange,
  sets: SetIndex,
  edges: readonly number[] = matches.flatMap(match => serviceEdges(match, packet.destination, sets)),
): ServiceTruth[] {
  const found: ServiceTruth[] = []
  for (const {from, to} of cutServices(range, edges)) {
    const truth = truthAt(matches, packet, from, sets)
    if (truth === false) continue
    const isCertain = truth === true
    const last = found.at(-1)
    if (last && last.to === from - 1 && last.isCertain === isCertain) found[found.length - 1] = {...last, to}
    else found.push({from, to, isCertain})
  }
  return found
}

const truthAt = (matches: readonly Match[], packet: Passing, service: number, sets: SetIndex): Truth =>
  all(matches.map(match => holdsAt(match, packet, service, sets)))

/** Whether a condition holds for a packet of a service. */
export const holdsAt = (match: Match, packet: Passing, service: number, sets: SetIndex): Truth =>
  holds(match, {...packet, protocol: protocolAt(service), port: packet.port ?? serviceAt(service).port}, sets)

/**
 * The ports and protocols at which the answer of a condition may change: every number in it, the one after it, and every name of
 * a protocol; of a set that looks at ports those of its members at the address.
 */
export function serviceEdges(match: Match, address: number, sets: SetIndex): readonly number[] {
  const set = askedSets(match)[0]
  if (set !== undefined) return memberEdges(set, address, sets)
  return edgesIn(JSON.stringify(match))
}

/** Of texts that are met most: nodes have thousands of members with few ports. */
const knownEdges = new Map<string, readonly number[]>()
const MOST_EDGES_KNOWN = 1000

function edgesIn(text: string): readonly number[] {
  const known = knownEdges.get(text)
  if (known) return known
  const edges = [...text.matchAll(/[a-z][\w.-]*|\d+/gi)].flatMap(([word]) => {
    const number = Number(word)
    const ports = number <= 65_535 ? [number, number + 1] : []
    return [...ports, ...protocolEdges(word.toLowerCase())]
  })
  if (knownEdges.size < MOST_EDGES_KNOWN) knownEdges.set(text, edges)
  return edges
}

const portsOfSets = new WeakMap<SetIndex, Map<string, ReadonlyMap<number, readonly number[]>>>()

function memberEdges(name: string, address: number, sets: SetIndex): readonly number[] {
  const set = sets.set(name)
  if (!set) return []
  if (set.type === 'list:set') return [...set.members].flatMap(member => memberEdges(parseMember(member).subject, address, sets))
  const known = portsOfSets.get(sets) ?? new Map<string, ReadonlyMap<number, readonly number[]>>()
  portsOfSets.set(sets, known)
  const ports = known.get(name) ?? portsByAddress(set.members)
  known.set(name, ports)
  return [...(ports.get(address) ?? []), ...(ports.get(ANY) ?? [])]
}

/** For members that are no single address. */
const ANY = -1

function portsByAddress(members: Iterable<string>): Map<number, number[]> {
  const ports = new Map<number, number[]>()
  for (const member of members) {
    const comma = member.indexOf(',')
    const address = parseIpv4(comma < 0 ? '' : member.slice(0, comma)) ?? ANY
    const known = ports.get(address) ?? []
    ports.set(address, known)
    for (const edge of edgesIn(comma < 0 ? member : member.slice(comma + 1))) known.push(edge)
  }
  return ports
}
