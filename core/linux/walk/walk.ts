import type {Walk} from '../../dataplane/dataplane.ts'
import {parseIpv4, printIpv4} from '../../net/ipv4.ts'
import type {Packet, Verdict} from '../../net/packet.ts'
import type {Truth} from '../../net/truth.ts'
import type {SetIndex} from '../../sets/set-index.ts'
import type {Rule} from '../iptables/model.ts'
import {printMatch} from '../iptables/print.ts'
import {FORWARD_CHAIN} from '../npm/chain-names.ts'
import {holds} from './match.ts'
import {type Passing, passingOf} from './passing.ts'
import {effectOf, isPassive} from './target.ts'

/** The rules of a chain, in order. Only built-in chains have a policy. */
export interface WalkedChain {
  readonly rules: readonly Rule[]
  readonly policy?: string
}

/** Look-up of chains. A large save parses a chain when the walk reaches it. */
export interface WalkedRules {
  chain(table: string, name: string): WalkedChain | undefined
}

/** One rule that the packet matched, or the policy of a built-in chain. */
export interface Step {
  readonly table: string
  readonly chain: string
  /** 0 for the policy of a built-in chain. */
  readonly position: number
  readonly rule?: Rule
  /** Depth of the call stack: 0 for built-in chains. */
  readonly depth: number
}

/** The verdict for a packet, with the rules that it matched. */
export interface LinuxWalk extends Walk {
  readonly trail: readonly Step[]
  /** How many rules were compared with the packet. */
  readonly looks: number
}

/**
 * The built-in chains that a forwarded packet passes, in order. Source translation is left out: it comes last and changes no
 * verdict. Source: iptables(8).
 */
export const FORWARDED = [
  ['raw', 'PREROUTING'],
  ['mangle', 'PREROUTING'],
  ['nat', 'PREROUTING'],
  ['mangle', FORWARD_CHAIN],
  ['filter', FORWARD_CHAIN],
  ['security', FORWARD_CHAIN],
  ['mangle', 'POSTROUTING'],
] as const

/** A rule with unknown conditions splits the walk in two. After this many splits the verdict is `unknown`. */
const MOST_SPLITS = 12

/** Chains deeper than this are not walked. The kernel refuses circles, and nft also what is deeper than 16. */
export const DEEPEST = 64

/** How much one walk may do before its verdict is `unknown`. A few rules that call each other can ask for 2^60 steps. */
export interface WalkLimits {
  /** Rules that are compared with the packet. A save of 300 MB has so many. */
  readonly rules: number
  /** Rules that match. Each policy that selects a pod is two or three. */
  readonly matches: number
}

const usualLimits: WalkLimits = {rules: 1_000_000, matches: 20_000}

/** Steps that are kept of a walk that was given up: the rest only repeats them. */
const MOST_STEPS_GIVEN_UP = 64

/** A chain that the packet is in, and where it returns to. */
interface Frame {
  readonly chain: string
  readonly rules: readonly Rule[]
  /** Undefined for the built-in chain, and for one that it left by goto. */
  readonly caller: Frame | undefined
  /** Index of the caller's next rule. */
  readonly resume: number
  readonly depth: number
}

/** The steps so far, last one first. Branches of a walk share what they have in common. */
interface Trail {
  readonly step: Step
  readonly before: Trail | undefined
}

interface Place {
  readonly hook: number
  /** Undefined before the chain of the hook is entered. */
  readonly frame: Frame | undefined
  /** Index of the next rule in the frame. */
  readonly at: number
  readonly packet: Passing
  readonly trail: Trail | undefined
  readonly splits: number
}

interface Outcome {
  readonly verdict: Verdict
  readonly packet: Passing
  readonly trail: Trail | undefined
  readonly reason?: string
}

/**
 * Finds the verdict for one packet, as the kernel would. The first matching rule with a verdict decides. RETURN continues in
 * the calling chain; a chain entered by goto does not return to the chain that named it. At the end of a built-in chain its
 * policy applies.
 *
 * Where a condition is unknown, both outcomes are walked. If their verdicts differ, the verdict is `unknown`. So it is for
 * chains that call each other in a circle, and when the limits are reached.
 *
 * @param sets a rule that names an absent set has an unknown condition
 * @param packet the connection state is NEW and the mark is 0 unless given
 * @param limits of the whole walk; a walk with smaller ones has the same verdict or `unknown`
 */
export function walk(rules: WalkedRules, sets: SetIndex, packet: Packet, limits: WalkLimits = usualLimits): LinuxWalk {
  const source = parseIpv4(packet.source)
  const destination = parseIpv4(packet.destination)
  if (source === undefined || destination === undefined)
    return {verdict: 'unknown', trail: [], looks: 0, reason: 'only IPv4 packets are walked: Azure NPM filters no others'}
  const passing = passingOf(packet, {source, destination})
  const walker = new Walker(rules, sets, limits)
  const outcome = walker.from({hook: 0, frame: undefined, at: 0, packet: passing, trail: undefined, splits: 0})
  const trail = stepsOf(outcome.trail)
  const translated = outcome.packet.isTranslated && {
    translated: {destination: printIpv4(outcome.packet.destination), port: outcome.packet.port},
  }
  return {
    verdict: outcome.verdict,
    trail: walker.isGivenUp ? trail.slice(0, MOST_STEPS_GIVEN_UP) : trail,
    looks: walker.looks,
    ...translated,
    ...(outcome.reason !== undefined && {reason: outcome.reason}),
  }
}

class Walker {
  private readonly rules: WalkedRules
  private readonly sets: SetIndex
  private readonly limits: WalkLimits
  looks = 0
  private matches = 0

  constructor(rules: WalkedRules, sets: SetIndex, limits: WalkLimits) {
    this.rules = rules
    this.sets = sets
    this.limits = limits
  }

  /** Whether a limit was reached. */
  get isGivenUp(): boolean {
    return this.looks > this.limits.rules || this.matches > this.limits.matches
  }

  from(start: Place): Outcome {
    let {hook, frame, at, packet, trail, splits} = start
    for (;;) {
      const [table, chain] = FORWARDED[hook] ?? ['', '']
      if (!frame) {
        if (hook >= FORWARDED.length) return {verdict: 'accept', packet, trail}
        frame = this.enterHook(hook)
        at = 0
        if (!frame) hook++
        continue
      }
      const rule = frame.rules[at++]
      if (!rule) {
        if (frame.caller) {
          ;({resume: at, caller: frame} = frame)
          continue
        }
        if (this.isDropped(hook)) return dropped({table, chain, packet, trail})
        hook++
        frame = undefined
        continue
      }
      if (++this.looks > this.limits.rules) return this.givenUp(packet, trail)
      if (isPassive(rule.target)) continue
      const truth = this.conditions(rule, packet)
      if (truth === false) continue
      if (++this.matches > this.limits.matches) return this.givenUp(packet, trail)
      const step: Step = {table, chain: frame.chain, position: rule.position, rule, depth: frame.depth}
      const matched: Trail = {step, before: trail}
      if (truth === 'unknown') {
        if (splits >= MOST_SPLITS)
          return unknown(`more than ${MOST_SPLITS} rules on the way have conditions that are not known`, {packet, trail})
        splits++
        const without = this.from({hook, frame, at, packet, trail, splits})
        if (this.isGivenUp) return without
        if (without.verdict !== 'unknown') {
          const next = this.applied(rule, {hook, frame, at, packet, trail: matched, splits})
          const withIt = 'verdict' in next ? next : this.from(next)
          if (this.isGivenUp) return withIt
          if (without.verdict === withIt.verdict) return without
        }
        return unknown(this.doubt(rule, table, packet), {packet, trail: matched})
      }
      const next = this.applied(rule, {hook, frame, at, packet, trail: matched, splits})
      if ('verdict' in next) return next
      ;({hook, frame, at, packet, trail} = next)
    }
  }

  private givenUp(packet: Passing, trail: Trail | undefined): Outcome {
    const {rules, matches} = this.limits
    const what = this.looks > rules ? `${rules} rules are looked at` : `${matches} rules match`
    return unknown(
      `more than ${what} on the way: chains that call each other again and again are not walked to their end, and the first steps are shown`,
      {packet, trail},
    )
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

  private enterHook(hook: number): Frame | undefined {
    const [table, chain] = FORWARDED[hook] as (typeof FORWARDED)[number]
    const found = this.rules.chain(table, chain)
    return found && {chain, rules: found.rules, caller: undefined, resume: 0, depth: 0}
  }

  /** Whether the policy of a hook's chain drops what no rule decides. */
  private isDropped(hook: number): boolean {
    const [table, chain] = FORWARDED[hook] as (typeof FORWARDED)[number]
    return this.rules.chain(table, chain)?.policy === 'DROP'
  }

  private applied(rule: Rule, place: Place & {readonly frame: Frame}): Place | Outcome {
    const {hook, packet, trail} = place
    const effect = effectOf(rule.target, packet)
    switch (effect.kind) {
      case 'nothing':
        return place
      case 'drop':
        return {verdict: 'drop', packet, trail}
      case 'accept':
        return {...place, hook: hook + 1, frame: undefined}
      case 'return':
        return this.returned(place)
      case 'chain':
        return this.entered(effect, place)
      case 'changed':
        return {...place, packet: effect.packet}
      case 'translated':
        return {...place, packet: effect.packet, hook: hook + 1, frame: undefined}
      case 'unknown':
        return unknown(effect.reason, {packet, trail})
    }
  }

  private entered(
    {chain: name, goto}: {readonly chain: string; readonly goto: boolean},
    place: Place & {readonly frame: Frame},
  ): Place | Outcome {
    const {hook, frame, at} = place
    const table = FORWARDED[hook]?.[0] ?? ''
    const chain = this.rules.chain(table, name)
    if (!chain) return unknown(`chain ${name} is not in the save`, place)
    if (frame.depth >= DEEPEST)
      return unknown(
        `chains of table ${table} call each other in a circle, or more than ${DEEPEST} deep, at ${name}: the kernel refuses such rules`,
        place,
      )
    const callers = goto
      ? {caller: frame.caller, resume: frame.resume, depth: frame.depth}
      : {caller: frame, resume: at, depth: frame.depth + 1}
    return {...place, frame: {chain: name, rules: chain.rules, ...callers}, at: 0}
  }

  private returned(place: Place & {readonly frame: Frame}): Place | Outcome {
    const {hook, frame, packet, trail} = place
    if (frame.caller) return {...place, frame: frame.caller, at: frame.resume}
    const [table, chain] = FORWARDED[hook] as (typeof FORWARDED)[number]
    return this.isDropped(hook) ? dropped({table, chain, packet, trail}) : {...place, hook: hook + 1, frame: undefined}
  }

  /** Explains which conditions of a rule are unknown. */
  private doubt(rule: Rule, table: string, packet: Passing): string {
    const doubtful = rule.matches.filter(match => holds(match, packet, this.sets) === 'unknown')
    return `it depends on rule ${rule.position} of ${table} ${rule.chain}, whose condition is not known: ${doubtful.map(printMatch).join(' ')}`
  }
}

/** The policy of a built-in chain drops the packet. */
function dropped({table, chain, packet, trail}: {table: string; chain: string} & Pick<Outcome, 'packet' | 'trail'>): Outcome {
  const step: Step = {table, chain, position: 0, depth: 0}
  return {verdict: 'drop', packet, trail: {step, before: trail}}
}

const unknown = (reason: string, {packet, trail}: Pick<Outcome, 'packet' | 'trail'>): Outcome => ({
  verdict: 'unknown',
  packet,
  trail,
  reason,
})

function stepsOf(trail: Trail | undefined): Step[] {
  const steps: Step[] = []
  for (let last = trail; last; last = last.before) steps.push(last.step)
  return steps.toReversed()
}
