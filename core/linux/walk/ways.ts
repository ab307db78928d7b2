import type {Verdict} from '../../net/packet.ts'
import type {Rule} from '../iptables/model.ts'
import {HOOKS, isSourceHook} from './hooks.ts'
import type {Passing} from './passing.ts'
import type {Step, Trail} from './trail.ts'
import type {WalkedRules} from './walked-rules.ts'

/** A chain that the packet is in, and where it returns to. */
export interface Frame {
  readonly chain: string
  readonly rules: readonly Rule[]
  /** Undefined for the built-in chain, and for one that it left by goto. */
  readonly caller: Frame | undefined
  /** Index of the caller's next rule. */
  readonly resume: number
  readonly depth: number
  /** Tells this frame from others; made when it is needed. */
  key?: string
}

/** Where two ways through the rules part, because something is not known. */
export interface Fork {
  readonly reason: () => string
  readonly packet: Passing
  readonly trail: Trail | undefined
}

/** One way through the rules, as far as the packet has come. */
export interface Way {
  hook: number
  /** The rules whose chain is met at this hook, one behind the other. Undefined before the hook is entered. */
  order: readonly WalkedRules[] | undefined
  turn: number
  /** Undefined before the chain of the hook is entered. */
  frame: Frame | undefined
  /** Index of the next rule in the frame. */
  at: number
  packet: Passing
  trail: Trail | undefined
  /** A rule that is taken to match. */
  pending?: Rule | undefined
  readonly fork?: Fork
}

/** Where one way ends. */
export interface Outcome {
  readonly verdict: Verdict
  readonly packet: Passing
  readonly trail: Trail | undefined
  readonly reason?: string
  /** Whether it is not known where the packet goes, because a rule that may translate its destination is not understood. */
  readonly isLost?: boolean
}

/** The verdict is not known, and why. */
export const unknown = (reason: string, {packet, trail}: Pick<Outcome, 'packet' | 'trail'>): Outcome => ({
  verdict: 'unknown',
  packet,
  trail,
  reason,
})

/** The trail of a way with one more step: a rule that matched, or the policy of the hook's chain. */
export function trailWith(way: Way, rule: Rule | undefined): Trail {
  const {hook, frame, order, turn, trail} = way
  const [table, builtIn] = HOOKS[hook] as (typeof HOOKS)[number]
  const backend = order?.[turn]?.backend
  const step: Step = {
    table,
    chain: rule ? (frame?.chain ?? builtIn) : builtIn,
    position: rule?.position ?? 0,
    ...(rule && {rule}),
    depth: rule ? (frame?.depth ?? 0) : 0,
    ...(backend && {backend}),
  }
  return {step, before: trail, isBehind: isSourceHook(hook)}
}

/** A rule's place in words. */
export const placeText = ({position, chain}: Rule, hook: number): string =>
  `rule ${position} of ${HOOKS[hook]?.[0] ?? ''} ${chain}`

/**
 * Tells where a way is, and with which packet. Two ways with the same key end the same.
 *
 * @param host tells what is assumed of the node
 */
export function keyOfWay({hook, order, turn, frame, at, packet}: Way, host: number): string {
  const {source, destination, port, mark, knownMark, connectionMark, knownConnectionMark, state} = packet
  const place = frame ? `${order?.[turn]?.backend ?? ''} ${turn} ${at} ${keyOfFrame(frame)}` : ''
  const changes = `${packet.isTranslated} ${packet.isSourceTranslated} ${packet.in} ${packet.out} ${packet.writtenSets.join()}`
  return `${hook} ${place} ${host} ${source} ${destination} ${port} ${mark} ${knownMark} ${connectionMark} ${knownConnectionMark} ${state} ${changes}`
}

function keyOfFrame(frame: Frame): string {
  const {caller, resume, chain} = frame
  frame.key ??= caller ? `${keyOfFrame(caller)}:${resume} ${chain}` : chain
  return frame.key
}
