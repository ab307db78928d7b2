import type {Walk} from '../../dataplane/dataplane.ts'
import {parseIpv4, printIpv4} from '../../net/ipv4.ts'
import type {Packet, Verdict} from '../../net/packet.ts'
import type {Truth} from '../../net/truth.ts'
import type {SetIndex} from '../../sets/set-index.ts'
import type {Rule, Target} from '../iptables/model.ts'
import {printMatch} from '../iptables/print.ts'
import {FORWARD_CHAIN} from '../npm/chain-names.ts'
import {holds, type Passing} from './match.ts'

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
}

/**
 * The built-in chains that a forwarded packet passes, in order. Source translation is left out: it comes last and changes no
 * verdict. Source: iptables(8).
 */
const FORWARDED = [
  ['raw', 'PREROUTING'],
  ['mangle', 'PREROUTING'],
  ['nat', 'PREROUTING'],
  ['mangle', FORWARD_CHAIN],
  ['filter', FORWARD_CHAIN],
  ['security', FORWARD_CHAIN],
  ['mangle', 'POSTROUTING'],
] as const

/** Targets that do not end the chain and change nothing that a later rule matches. */
const PASSIVE = new Set([
  'LOG',
  'NFLOG',
  'ULOG',
  'AUDIT',
  'TCPMSS',
  'CLASSIFY',
  'DSCP',
  'TOS',
  'TTL',
  'CHECKSUM',
  'SET',
  'TEE',
  'TRACE',
  'CT',
  'ACCOUNT',
])

/** A rule with unknown conditions splits the walk in two. After this many splits the verdict is `unknown`. */
const MOST_SPLITS = 12

interface Frame {
  readonly chain: string
  readonly rules: readonly Rule[]
  at: number
}

interface Place {
  readonly hook: number
  readonly frames: readonly Frame[]
  readonly packet: Passing
  readonly trail: readonly Step[]
  readonly splits: number
}

/**
 * Finds the verdict for one packet, as the kernel would. The first matching rule with a verdict decides. RETURN continues in
 * the calling chain; a chain entered by goto does not return to the chain that named it. At the end of a built-in chain its
 * policy applies.
 *
 * Where a condition is unknown, both outcomes are walked. If their verdicts differ, the verdict is `unknown`.
 *
 * @param sets a rule that names an absent set has an unknown condition
 * @param packet the connection state is NEW and the mark is 0 unless given
 * @throws RangeError if chains call each other in a circle; the kernel refuses to load such rules
 */
export function walk(rules: WalkedRules, sets: SetIndex, packet: Packet): LinuxWalk {
  const source = parseIpv4(packet.source)
  const destination = parseIpv4(packet.destination)
  if (source === undefined || destination === undefined)
    return {verdict: 'unknown', trail: [], reason: 'only IPv4 packets are walked: Azure NPM filters no others'}
  const passing: Passing = {
    source,
    destination,
    protocol: packet.protocol,
    port: packet.port,
    sourcePort: packet.sourcePort,
    state: packet.state ?? 'NEW',
    mark: packet.mark ?? 0,
    knownMark: 0xffffffff,
    isTranslated: false,
  }
  return new Walker(rules, sets).from({hook: 0, frames: [], packet: passing, trail: [], splits: 0})
}

const DEEPEST = 64

class Walker {
  private readonly rules: WalkedRules
  private readonly sets: SetIndex

  constructor(rules: WalkedRules, sets: SetIndex) {
    this.rules = rules
    this.sets = sets
  }

  from(start: Place): LinuxWalk {
    let {hook, packet, splits} = start
    let frames = start.frames.map(frame => ({...frame}))
    const trail = [...start.trail]
    for (;;) {
      const frame = frames.at(-1)
      const table = FORWARDED[hook]?.[0] ?? ''
      if (!frame) {
        if (hook >= FORWARDED.length) return finished('accept', trail, packet)
        const entry = this.enterHook(hook)
        if (entry) frames = [entry]
        else hook++
        continue
      }
      const rule = frame.rules[frame.at++]
      if (!rule) {
        frames.pop()
        if (frames.length > 0) continue
        const policy = this.rules.chain(table, frame.chain)?.policy
        if (policy === 'DROP') return finished('drop', [...trail, {table, chain: frame.chain, position: 0, depth: 0}], packet)
        hook++
        continue
      }
      if (isPassive(rule.target)) continue
      const truth = this.conditions(rule, packet)
      if (truth === false) continue
      const step: Step = {table, chain: frame.chain, position: rule.position, rule, depth: frames.length - 1}
      if (truth === 'unknown') {
        if (splits >= MOST_SPLITS)
          return unknown(`more than ${MOST_SPLITS} rules on the way have conditions that are not known`, trail, packet)
        splits++
        const without = this.from({hook, frames, packet, trail, splits})
        const withIt = this.obey(rule, step, {hook, frames, packet, trail, splits})
        if (without.verdict === withIt.verdict && without.verdict !== 'unknown') return without
        return unknown(this.doubt(rule, table, packet), [...trail, step], packet)
      }
      const next = this.applied(rule, {hook, frames, packet, trail: [...trail, step], splits})
      if ('verdict' in next) return next
      trail.push(step)
      ;({hook, packet} = next)
      frames = next.frames.map(each => ({...each}))
    }
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
    return found && {chain, rules: found.rules, at: 0}
  }

  /** Continues as if a rule with unknown conditions matched. */
  private obey(rule: Rule, step: Step, place: Place): LinuxWalk {
    const next = this.applied(rule, {...place, trail: [...place.trail, step]})
    return 'verdict' in next ? next : this.from(next)
  }

  private applied(rule: Rule, place: Place): Place | LinuxWalk {
    const {target} = rule
    const {hook, frames, packet, trail} = place
    const table = FORWARDED[hook]?.[0] ?? ''
    if (!target) return place
    switch (target.kind) {
      case 'verdict':
        if (target.verdict === 'DROP') return finished('drop', trail, packet)
        // ACCEPT ends this table's chain only; the next table follows.
        if (target.verdict === 'ACCEPT') return {...place, hook: hook + 1, frames: []}
        return this.returned(place)
      case 'jump': {
        const chain = this.rules.chain(table, target.chain)
        if (!chain) return unknown(`chain ${target.chain} is not in the save`, trail, packet)
        if (frames.length > DEEPEST)
          throw new RangeError(`chains of table ${table} call each other in a circle at ${target.chain}`)
        const callers = target.goto ? frames.slice(0, -1) : frames
        return {...place, frames: [...callers, {chain: target.chain, rules: chain.rules, at: 0}]}
      }
      case 'mark':
        return {...place, packet: marked(packet, target.value, target.mask)}
      case 'extension':
        return this.extension(target.name, target.options, place)
    }
  }

  private returned(place: Place): Place | LinuxWalk {
    if (place.frames.length > 1) return {...place, frames: place.frames.slice(0, -1)}
    const [table, chain] = FORWARDED[place.hook] as (typeof FORWARDED)[number]
    if (this.rules.chain(table, chain)?.policy === 'DROP')
      return finished('drop', [...place.trail, {table, chain, position: 0, depth: 0}], place.packet)
    return {...place, hook: place.hook + 1, frames: []}
  }

  private extension(name: string, options: string, place: Place): Place | LinuxWalk {
    const {packet, trail, hook} = place
    if (name === 'REJECT') return finished('drop', trail, packet)
    if (name === 'DNAT') {
      const parts = /^--to-destination ([\d.]+)(?::(\d+))?$/.exec(options)
      const destination = parts && parseIpv4(parts[1] as string)
      if (!parts || destination === undefined || destination === null)
        return unknown(`DNAT ${options} is not understood`, trail, packet)
      const port = parts[2] === undefined ? packet.port : Number(parts[2])
      return {...place, packet: {...packet, destination, port, isTranslated: true}, hook: hook + 1, frames: []}
    }
    // The connection's mark is not known, so restoring it may set any bit.
    if (name === 'CONNMARK') return options.includes('--restore-mark') ? {...place, packet: {...packet, knownMark: 0}} : place
    if (name === 'MARK') return {...place, packet: {...packet, knownMark: 0}}
    return unknown(`what target ${name} does is not modelled`, trail, packet)
  }

  /** Explains which conditions of a rule are unknown. */
  private doubt(rule: Rule, table: string, packet: Passing): string {
    const doubtful = rule.matches.filter(match => holds(match, packet, this.sets) === 'unknown')
    return `it depends on rule ${rule.position} of ${table} ${rule.chain}, whose condition is not known: ${doubtful.map(printMatch).join(' ')}`
  }
}

const isPassive = (target: Target | undefined): boolean => !target || (target.kind === 'extension' && PASSIVE.has(target.name))

/** Applies mark = (mark & ~mask) ^ value. Bits in the mask become known; unknown bits outside it stay unknown. */
const marked = (packet: Passing, value: number, mask: number): Passing => ({
  ...packet,
  mark: ((packet.mark & ~mask) ^ value) >>> 0,
  knownMark: (packet.knownMark | mask) >>> 0,
})

function finished(verdict: Verdict, trail: readonly Step[], packet: Passing): LinuxWalk {
  const translated = packet.isTranslated ? {translated: {destination: printIpv4(packet.destination), port: packet.port}} : {}
  return {verdict, trail, ...translated}
}

const unknown = (reason: string, trail: readonly Step[], packet: Passing): LinuxWalk => ({
  ...finished('unknown', trail, packet),
  reason,
})
