import {printIpv4} from '../../net/ipv4.ts'
import type {Truth} from '../../net/truth.ts'
import type {SetIndex} from '../../sets/set-index.ts'
import type {Rule} from '../iptables/model.ts'
import {printMatch} from '../iptables/print.ts'
import {HookWays} from './hook-ways.ts'
import {END, HOOKS, isBeforeRouting, isSourceHook} from './hooks.ts'
import {holds} from './match.ts'
import {type Passing, UNKNOWN_ADDRESS} from './passing.ts'
import {effectOf, isPassive} from './target.ts'
import type {WalkedRules} from './walked-rules.ts'
import {type Fork, type Frame, keyOfWay, type Outcome, placeText, trailWith, unknown, type Way} from './ways.ts'
import {askedSets, isWritten} from './written-sets.ts'

/** Chains deeper than this are not walked. The kernel refuses circles, and nft also what is deeper than 16. */
export const DEEPEST = 64

/** How much one walk may do before its verdict is `unknown`. A few rules that call each other can ask for 2^60 steps. */
export interface WalkLimits {
  /** Rules that are compared with the packet. A save of 300 MB has so many. */
  readonly rules: number
  /** Rules that match. Each policy that selects a pod is two or three. */
  readonly matches: number
}

/** Of one way through the rules. Services with thousands of endpoints have as many ways. */
export const usualLimits: WalkLimits = {rules: 1_000_000, matches: 20_000}

/** All ways together may do so many times what one may. */
const WAYS_IN_FULL = 20

/** Ways that are followed at most. Each endpoint of a service is one. */
const MOST_WAYS = 20_000

/** Walks one packet over rules: along every way, where something is not known. */
export class Walker {
  private readonly hooks: HookWays
  private readonly sets: SetIndex
  private readonly limits: WalkLimits
  /** Where ways have been. A second one that comes there can only end as the first did. */
  private readonly known = new Set<string>()
  private readonly hosts: unknown[] = []
  /** All rules that were compared with the packet. */
  looks = 0
  private matches = 0
  /** Of the way that is followed. */
  private wayLooks = 0
  private wayMatches = 0
  private ways = 0
  private settled: Outcome | undefined
  /** Whether a limit was reached. */
  isGivenUp = false

  constructor(rules: WalkedRules, sets: SetIndex, limits: WalkLimits) {
    this.hooks = new HookWays(rules)
    this.sets = sets
    this.limits = limits
  }

  /** @returns the outcome, and those of all ways that were followed, which have the same verdict unless it is unknown */
  walk(packet: Passing): {outcome: Outcome; ways: readonly Outcome[]} {
    this.hooks.start(packet)
    const ways: Outcome[] = []
    for (let way = this.hooks.left.pop(); way && !this.isGivenUp; way = this.hooks.left.pop()) {
      // Of an unknown packet only its ends are looked for, which the services' rules choose.
      if (this.settled && !isBeforeRouting(way.hook)) continue
      this.wayLooks = 0
      this.wayMatches = 0
      const outcome = ++this.ways > MOST_WAYS ? this.givenUp(way) : this.follow(way)
      if (!outcome) continue
      ways.push(outcome)
      if (this.settled) continue
      if (outcome.verdict === 'unknown') this.settled = outcome
      // All ways behind the fork's other side are done and agree.
      else if (outcome.verdict !== ways[0]?.verdict && way.fork) this.settled = unknown(way.fork.reason(), way.fork)
    }
    const [first = unknown('no way through the rules ends', {packet, trail: undefined})] = ways
    return {outcome: this.settled ?? first, ways}
  }

  /** @returns undefined for a way that comes to where another has been */
  private follow(way: Way): Outcome | undefined {
    if (way.pending) {
      const ended = this.apply(way, way.pending)
      if (ended) return ended
      way.pending = undefined
    }
    for (;;) {
      if (!way.frame) {
        if (this.settled && !isBeforeRouting(way.hook)) return unknown('', way)
        if (way.hook >= END) return arrived(way)
        if (!way.order && this.known.size > 0 && this.isKnown(way)) return undefined
        this.hooks.enter(way)
        continue
      }
      const match = this.nextMatch(way, way.frame)
      if (match === 'end') {
        const {caller, resume} = way.frame
        if (caller) {
          way.frame = caller
          way.at = resume
          continue
        }
        const ended = this.hooks.endOfHook(way)
        if (ended) return ended
        continue
      }
      if (match === 'limit') return this.givenUp(way)
      const {rule, truth} = match
      if (truth === 'unknown') {
        if (this.isKnown(way)) return undefined
        this.hooks.left.push({...way, pending: rule, fork: this.forkAt(rule, way)})
        continue
      }
      const ended = this.apply(way, rule)
      if (ended) return ended
    }
  }

  /** Finds the next rule that matches, or may match. */
  private nextMatch(way: Way, {rules}: Frame): {rule: Rule; truth: true | 'unknown'} | 'end' | 'limit' {
    const {packet} = way
    const most = Math.min(this.limits.rules - this.wayLooks, this.limits.rules * WAYS_IN_FULL - this.looks)
    let looks = 0
    let found: {rule: Rule; truth: true | 'unknown'} | 'end' | 'limit' = 'end'
    while (way.at < rules.length) {
      const rule = rules[way.at++] as Rule
      if (++looks > most) {
        found = 'limit'
        break
      }
      if (isPassive(rule.target)) continue
      const truth = this.conditions(rule, packet)
      if (truth === false) continue
      const {matches} = this.limits
      found = ++this.wayMatches > matches || ++this.matches > matches * WAYS_IN_FULL ? 'limit' : {rule, truth}
      break
    }
    this.wayLooks += looks
    this.looks += looks
    return found
  }

  /** Whether a rule matches. One condition that does not hold is enough, even if others are unknown. */
  private conditions(rule: Rule, packet: Passing): Truth {
    let result: Truth = true
    for (const match of rule.matches) {
      const truth = holds(match, packet, this.sets)
      if (truth === false) return false
      if (truth === 'unknown') result = truth
    }
    return result
  }

  private apply(way: Way, rule: Rule): Outcome | undefined {
    const {packet} = way
    way.trail = trailWith(way, rule)
    const effect = effectOf(rule.target, packet, HOOKS[way.hook]?.[1])
    switch (effect.kind) {
      case 'nothing':
        return undefined
      case 'drop':
        return {verdict: 'drop', packet, trail: way.trail}
      case 'accept':
        this.hooks.leave(way)
        return undefined
      case 'return':
        return this.returned(way)
      case 'chain':
        return this.enterChain(way, effect)
      case 'changed':
        way.packet = effect.packet
        return undefined
      case 'translated':
        this.translated(way, rule, effect.packets)
        return undefined
      case 'unknown':
        return this.unclear(way, effect.reason)
    }
  }

  private translated(way: Way, rule: Rule, packets: readonly Passing[]): void {
    const [first, ...others] = packets
    // The way goes on, so its hook is another one when the reason is asked for.
    const {trail, packet, hook} = way
    const reason = () => `it depends on which of ${packets.length} ends ${placeText(rule, hook)} chooses`
    for (const each of others.toReversed()) {
      const other: Way = {...way, packet: each, fork: {reason, packet, trail}}
      this.hooks.nextStep(other)
      this.hooks.left.push(other)
    }
    if (first) way.packet = first
    // What is translated once is not translated again by the other back end.
    this.hooks.nextStep(way)
  }

  private enterChain(way: Way, {chain: name, goto}: {readonly chain: string; readonly goto: boolean}): Outcome | undefined {
    const {frame, order, turn} = way
    const table = HOOKS[way.hook]?.[0] ?? ''
    const chain = order?.[turn]?.chain(table, name)
    if (!chain || !frame) return this.unclear(way, `chain ${name} is not in the save`)
    if (frame.depth >= DEEPEST)
      return unknown(
        `chains of table ${table} call each other in a circle, or more than ${DEEPEST} deep, at ${name}: the kernel refuses such rules`,
        way,
      )
    // Behind the end of a chain that goto led to, the walk goes on where that of the naming chain would have gone on.
    way.frame = goto
      ? {chain: name, rules: chain.rules, caller: frame.caller, resume: frame.resume, depth: frame.depth}
      : {chain: name, rules: chain.rules, caller: frame, resume: way.at, depth: frame.depth + 1}
    way.at = 0
    return undefined
  }

  private returned(way: Way): Outcome | undefined {
    if (!way.frame?.caller) return this.hooks.endOfHook(way)
    way.at = way.frame.resume
    way.frame = way.frame.caller
    return undefined
  }

  /** Something is not modelled. Where only the source of the packet depends on it, the verdict does not. */
  private unclear(way: Way, reason: string): Outcome | undefined {
    if (!isSourceHook(way.hook)) return {...unknown(reason, way), isLost: isBeforeRouting(way.hook)}
    way.packet = {...way.packet, source: UNKNOWN_ADDRESS, isSourceTranslated: true}
    this.hooks.nextStep(way)
    return undefined
  }

  /** Whether a way has been here with such a packet. If not, one has now. */
  private isKnown(way: Way): boolean {
    let host = this.hosts.indexOf(way.packet.host)
    if (host < 0) host = this.hosts.push(way.packet.host) - 1
    const key = keyOfWay(way, host)
    if (this.known.has(key)) return true
    this.known.add(key)
    return false
  }

  private forkAt(rule: Rule, way: Way): Fork {
    const {hook, packet} = way
    const reason = () => {
      const doubtful = rule.matches.filter(match => holds(match, packet, this.sets) === 'unknown')
      const isChanged = doubtful.some(match => askedSets(match).some(name => isWritten(name, packet.writtenSets, this.sets)))
      const why = isChanged ? ' (a rule before it changes the set for this very packet)' : ''
      return `it depends on ${placeText(rule, hook)}, whose condition is not known: ${doubtful.map(printMatch).join(' ')}${why}`
    }
    return {reason, packet, trail: trailWith(way, rule)}
  }

  private givenUp(way: Way): Outcome {
    this.isGivenUp = true
    const {rules, matches} = this.limits
    if (this.ways > MOST_WAYS)
      return unknown(`more than ${MOST_WAYS} ways lead through rules with conditions that are not known`, way)
    const isLong = this.wayLooks > rules || this.looks > rules * WAYS_IN_FULL
    const what = isLong ? `${rules} rules are looked at` : `${matches} rules match`
    return unknown(
      `more than ${what} on the way: chains that call each other again and again are not walked to their end, and the first steps are shown`,
      way,
    )
  }
}

/** Behind the last hook. What IPVS takes is sent on from there, past all rules of FORWARD. */
function arrived(way: Way): Outcome {
  const {packet, trail} = way
  if (!packet.host.balances?.(packet)) return {verdict: 'accept', packet, trail}
  const reason = `${printIpv4(packet.destination)} is a service that IPVS spreads over endpoints behind the rules of INPUT, past those of FORWARD. Neither rules nor sets tell them: ipvsadm -Ln does`
  return {...unknown(reason, way), isLost: true}
}
