import type {Translated, Walk} from '../../dataplane/walk.ts'
import {parseIpv4, printIpv4} from '../../net/ipv4.ts'
import type {Packet} from '../../net/packet.ts'
import type {SetIndex} from '../../sets/set-index.ts'
import {forwardingHost, type Host, type Passing, passingOf, UNKNOWN_ADDRESS} from './passing.ts'
import {type Step, stepsOf} from './trail.ts'
import type {WalkedRules} from './walked-rules.ts'
import {usualLimits, Walker, type WalkLimits} from './walker.ts'
import type {Outcome} from './ways.ts'

export type {Step} from './trail.ts'
export type {WalkedChain, WalkedRules} from './walked-rules.ts'
export type {WalkLimits} from './walker.ts'

/** The verdict for a packet, with the rules that it matched. */
export interface LinuxWalk extends Walk {
  readonly trail: readonly Step[]
  /** How many rules were compared with the packet. */
  readonly looks: number
}

export interface WalkOptions {
  /** What is known of the node. By default no address is its own: it only forwards. */
  readonly host?: Host
  /** Of the whole walk; a walk with smaller ones has the same verdict or `unknown`. */
  readonly limits?: WalkLimits
}

/** Steps that are kept of a walk that was given up: the rest only repeats them. */
const MOST_STEPS_GIVEN_UP = 64

/**
 * Finds the verdict for one packet, as the kernel would. The first matching rule with a verdict decides. RETURN continues in
 * the calling chain; a chain entered by goto does not return to the chain that named it. At the end of a built-in chain its
 * policy applies. A packet to the node itself goes through INPUT, one from the node through OUTPUT, any other through FORWARD;
 * the destination counts as it is behind the table nat of PREROUTING.
 *
 * Where a condition is unknown, both outcomes are walked. If their verdicts differ, the verdict is `unknown`, and the reason
 * names a condition on which it changes. So it is for chains that call each other in a circle, and when the limits are reached.
 *
 * @param sets a rule that names an absent set has an unknown condition
 * @param packet the connection state is NEW and the mark is 0 unless given
 */
export function walk(rules: WalkedRules, sets: SetIndex, packet: Packet, options: WalkOptions = {}): LinuxWalk {
  const {host = forwardingHost, limits = usualLimits} = options
  const source = parseIpv4(packet.source)
  const destination = parseIpv4(packet.destination)
  if (source === undefined || destination === undefined)
    return {verdict: 'unknown', trail: [], looks: 0, reason: 'only IPv4 packets are walked: Azure NPM filters no others'}
  const walker = new Walker(rules, sets, limits)
  const {outcome, ways} = walker.walk(passingOf(packet, {source, destination}, host))
  const {verdict, reason} = outcome
  const trail = stepsOf(outcome.trail, outcome.packet.isSourceTranslated)
  const changed = translatedOf(outcome, source)
  return {
    verdict,
    trail: walker.isGivenUp ? trail.slice(0, MOST_STEPS_GIVEN_UP) : trail,
    looks: walker.looks,
    path: pathOf(source, outcome.packet),
    ...(changed && {translated: changed}),
    ...(ways.length > 1 && {ways: distinct(ways, source)}),
    ...(ways.some(({isLost}) => isLost) && {isLost: true}),
    ...(reason !== undefined && {reason}),
  }
}

function pathOf(source: number, {destination, host}: Passing): NonNullable<Walk['path']> {
  if (host.isOwn(source) === true) return 'output'
  return host.isOwn(destination) === true ? 'input' : 'forward'
}

/** How the packet leaves the node, if the node changes it. */
function translatedOf({packet}: Outcome, source: number): Translated | undefined {
  const hasSource = packet.isSourceTranslated && packet.source !== source
  if (!packet.isTranslated && !hasSource) return undefined
  return {
    destination: printIpv4(packet.destination),
    port: packet.port,
    ...(hasSource && {source: packet.source === UNKNOWN_ADDRESS ? null : printIpv4(packet.source)}),
  }
}

function distinct(ways: readonly Outcome[], from: number): (Translated | undefined)[] {
  const found = new Map<string, Translated | undefined>()
  for (const way of ways) {
    const {destination, port, isTranslated, source} = way.packet
    const key = `${destination} ${port} ${isTranslated} ${source}`
    if (!found.has(key)) found.set(key, translatedOf(way, from))
  }
  return [...found.values()]
}
