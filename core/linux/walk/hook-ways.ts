import {printIpv4} from '../../net/ipv4.ts'
import {FIRST_FROM_NODE, FIRST_FROM_OUTSIDE, HOOKS, isRoutedBehind, nextHook, skipsTable} from './hooks.ts'
import type {Passing} from './passing.ts'
import type {WalkedRules} from './walked-rules.ts'
import {type Fork, type Outcome, trailWith, type Way} from './ways.ts'

const NO_RULES: readonly WalkedRules[] = []

/** Takes ways from one hook of the kernel to the next. Where it is not known which is next, there are two ways. */
export class HookWays {
  private readonly both: readonly WalkedRules[]
  /** Ways that are still to be followed, the next one last. */
  readonly left: Way[] = []

  constructor(rules: WalkedRules) {
    this.both = rules.beside ? [rules, rules.beside] : [rules]
  }

  /** Lets a packet begin. */
  start(packet: Passing): void {
    this.left.push(...this.starts(packet).toReversed())
  }

  private starts(packet: Passing): Way[] {
    return this.routed(packet, packet.source).flatMap(({packet: from, fork: first}) =>
      this.routed(from, from.destination).map(({packet: both, fork = first}) => {
        const isOwn = both.host.isOwn(both.source) === true
        const out = !isOwn ? 'none' : both.host.isOwn(both.destination) === true ? 'lo' : 'other'
        return {
          hook: isOwn ? FIRST_FROM_NODE : FIRST_FROM_OUTSIDE,
          order: undefined,
          turn: 0,
          frame: undefined,
          at: 0,
          packet: {...both, in: isOwn ? ('none' as const) : ('other' as const), out, isTracked: !this.hasRaw(isOwn)},
          trail: undefined,
          ...(fork && {fork}),
        }
      }),
    )
  }

  /** Whether rules meet the packet before conntrack does. */
  private hasRaw(isOwn: boolean): boolean {
    return this.both.some(rules => rules.chain('raw', isOwn ? 'OUTPUT' : 'PREROUTING') !== undefined)
  }

  /** The packet, twice where it is not known whether an address is the node's own: once for each. */
  private routed(packet: Passing, address: number): {packet: Passing; fork?: Fork}[] {
    const {host} = packet
    if (host.isOwn(address) !== 'unknown') return [{packet}]
    const reason = () => `it depends on whether ${printIpv4(address)} is an address of this node, which the input does not tell`
    const assumed = (isOwn: boolean): Passing => ({
      ...packet,
      host: {
        ...host,
        isOwn: each => (each === address ? isOwn : host.isOwn(each)),
        isElsewhere: each => (each === address ? !isOwn : host.isElsewhere(each)),
      },
    })
    return [{packet: assumed(false)}, {packet: assumed(true), fork: {reason, packet, trail: undefined}}]
  }

  /** Enters the built-in chain of the way's hook, or goes on where there is none. */
  enter(way: Way): void {
    const [table, chain] = HOOKS[way.hook] as (typeof HOOKS)[number]
    if (!way.order) {
      way.order = skipsTable(table, way.packet) ? NO_RULES : this.orderAt(way, table, chain)
      way.turn = 0
    }
    const found = way.order[way.turn]?.chain(table, chain)
    if (!found) {
      this.leave(way)
      return
    }
    way.frame = {chain, rules: found.rules, caller: undefined, resume: 0, depth: 0}
    way.at = 0
  }

  /** Which back end comes first at a hook is the one that used its table later, so a save does not tell. */
  private orderAt(way: Way, table: string, chain: string): readonly WalkedRules[] {
    const [one, other] = this.both
    if (!other) return this.both
    const met = this.both.filter(rules => (rules.chain(table, chain)?.rules.length ?? 0) > 0)
    if (met.length < 2 || !one) return this.both
    const {packet, trail} = way
    const reason = () => `it depends on which back end of iptables comes first in ${table} ${chain}, which no save tells`
    this.left.push({...way, order: [other, one], turn: 0, fork: {reason, packet, trail}})
    return this.both
  }

  /** The end of a built-in chain, where its policy applies. */
  endOfHook(way: Way): Outcome | undefined {
    const [table, chain] = HOOKS[way.hook] as (typeof HOOKS)[number]
    if (way.order?.[way.turn]?.chain(table, chain)?.policy === 'DROP')
      return {verdict: 'drop', packet: way.packet, trail: trailWith(way, undefined)}
    this.leave(way)
    return undefined
  }

  /** Leaves the chain of one back end. The other one's follows, then the next hook. */
  leave(way: Way): void {
    way.frame = undefined
    if (way.order && way.turn + 1 < way.order.length) way.turn++
    else this.nextStep(way)
  }

  /** Goes to the next hook. */
  nextStep(way: Way): void {
    const isRouted = isRoutedBehind(way.hook)
    const [here, there] = isRouted ? this.routed(way.packet, way.packet.destination) : [{packet: way.packet}]
    if (there) {
      const other: Way = {
        ...way,
        packet: there.packet,
        fork: {reason: there.fork?.reason ?? (() => ''), packet: way.packet, trail: way.trail},
      }
      this.moveOn(other, true)
      this.left.push(other)
    }
    if (here) way.packet = here.packet
    this.moveOn(way, isRouted && way.packet.host.isOwn(way.packet.destination) === true)
  }

  private moveOn(way: Way, isOwn: boolean): void {
    const {hook, packet} = nextHook(way.hook, way.packet, isOwn)
    way.hook = hook
    // Conntrack comes right behind the table raw.
    way.packet = packet.isTracked ? packet : {...packet, isTracked: true}
    way.order = undefined
    way.turn = 0
    way.frame = undefined
  }
}
