import {parseIpv4} from '../../net/ipv4.ts'
import {all, type Truth} from '../../net/truth.ts'
import {allServices, cutServices, protocolAt, protocolEdges, type ServiceRange, serviceAt} from '../../packets/services.ts'
import {parseMember} from '../../sets/member.ts'
import type {SetIndex} from '../../sets/set-index.ts'
import type {Match} from '../iptables/model.ts'
import {holds, type Passing} from './match.ts'
import {askedSets} from './written-sets.ts'

/** Services with the same answer. */
export interface ServiceTruth extends ServiceRange {
  /** Whether it is known that the conditions hold. */
  readonly isCertain: boolean
}

const knownServices = new WeakMap<SetIndex, Map<string, readonly ServiceTruth[]>>()

/** Of all services those for which conditions on nothing else hold or are unknown. Most rules of a node have the same few. */
export function allServicesOf(matches: readonly Match[], blank: Passing, sets: SetIndex): readonly ServiceTruth[] {
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
