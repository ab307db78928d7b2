import {FORWARD_CHAIN} from '../npm/chain-names.ts'
import type {Passing} from './passing.ts'

/** The built-in chains. */
export type BuiltIn = 'PREROUTING' | 'INPUT' | typeof FORWARD_CHAIN | 'OUTPUT' | 'POSTROUTING'

/**
 * The built-in chains of all tables, in the order in which the kernel calls them. Which of them a packet meets depends on
 * where it comes from and goes to.
 *
 * Source: the priorities of linux/netfilter_ipv4.h; checked against packets on a real kernel.
 */
export const HOOKS: readonly (readonly [table: string, chain: BuiltIn])[] = [
  ['raw', 'PREROUTING'],
  ['mangle', 'PREROUTING'],
  ['nat', 'PREROUTING'],
  ['mangle', 'INPUT'],
  ['filter', 'INPUT'],
  ['security', 'INPUT'],
  ['nat', 'INPUT'],
  ['mangle', FORWARD_CHAIN],
  ['filter', FORWARD_CHAIN],
  ['security', FORWARD_CHAIN],
  ['raw', 'OUTPUT'],
  ['mangle', 'OUTPUT'],
  ['nat', 'OUTPUT'],
  ['filter', 'OUTPUT'],
  ['security', 'OUTPUT'],
  ['mangle', 'POSTROUTING'],
  ['nat', 'POSTROUTING'],
]

/** The hooks of a packet from outside before it is routed. */
export const ROUTED: readonly (readonly [table: string, chain: BuiltIn])[] = HOOKS.filter(([, chain]) => chain === 'PREROUTING')

/** The hooks behind them of a packet that the node forwards, up to where only its source changes. */
export const FORWARDED: typeof ROUTED = HOOKS.filter(
  ([table, chain]) => chain === FORWARD_CHAIN || (chain === 'POSTROUTING' && table !== 'nat'),
)

/** The same of a packet that the node receives itself. */
export const RECEIVED: typeof ROUTED = HOOKS.filter(([table, chain]) => chain === 'INPUT' && table !== 'nat')

/** All hooks that packets from outside may come to before only their source changes. */
export const FROM_OUTSIDE: typeof ROUTED = [...ROUTED, ...RECEIVED, ...FORWARDED]

const at = (table: string, chain: BuiltIn): number => HOOKS.findIndex(hook => hook[0] === table && hook[1] === chain)

/** Where packets from other machines and from pods begin. */
export const FIRST_FROM_OUTSIDE = at('raw', 'PREROUTING')
/** Where packets of the node itself begin. */
export const FIRST_FROM_NODE = at('raw', 'OUTPUT')
/** Behind the last hook. */
export const END = HOOKS.length
const FIRST_INPUT = at('mangle', 'INPUT')

const BEFORE_NAT_PREROUTING = at('mangle', 'PREROUTING')
const NAT_PREROUTING = at('nat', 'PREROUTING')
const SECURITY_INPUT = at('security', 'INPUT')
const NAT_INPUT = at('nat', 'INPUT')
const LAST_FORWARD = at('security', FORWARD_CHAIN)
const LAST_OUTPUT = at('security', 'OUTPUT')
const NAT_OUTPUT = at('nat', 'OUTPUT')
const NAT_POSTROUTING = at('nat', 'POSTROUTING')
const FIRST_FORWARD = at('mangle', FORWARD_CHAIN)
const FIRST_POSTROUTING = at('mangle', 'POSTROUTING')

/** Where the source is translated, which no verdict of this node depends on any more. */
export const isSourceHook = (hook: number): boolean => hook === NAT_INPUT || hook === NAT_POSTROUTING

/** Whether the packet's destination decides where it goes on from a hook. */
export const isRoutedBehind = (hook: number): boolean => hook === NAT_PREROUTING || hook === NAT_OUTPUT

/** Whether the packet's destination may still change before it is routed. */
export const isBeforeRouting = (hook: number): boolean =>
  hook <= NAT_PREROUTING || (hook >= FIRST_FROM_NODE && hook <= NAT_OUTPUT)

/** Rules of nat see only packets that conntrack knows. */
export const skipsTable = (table: string, {state}: Passing): boolean =>
  table === 'nat' && (state === 'UNTRACKED' || state === 'INVALID')

/**
 * The hook behind another one, and the packet there.
 *
 * @param isOwn whether the packet's destination is the node itself
 */
export function nextHook(hook: number, packet: Passing, isOwn: boolean): {readonly hook: number; readonly packet: Passing} {
  switch (hook) {
    case BEFORE_NAT_PREROUTING:
      // What the node sends to itself comes here behind OUTPUT, where its destination was translated.
      return {hook: packet.in === 'lo' ? FIRST_INPUT : NAT_PREROUTING, packet}
    case NAT_PREROUTING:
      return isOwn ? {hook: FIRST_INPUT, packet} : {hook: FIRST_FORWARD, packet: {...packet, out: 'other'}}
    case NAT_OUTPUT:
      return {hook: hook + 1, packet: {...packet, out: isOwn ? 'lo' : 'other'}}
    case SECURITY_INPUT:
      return {hook: packet.in === 'lo' ? END : NAT_INPUT, packet}
    case NAT_INPUT:
      return {hook: END, packet}
    case LAST_FORWARD:
    case LAST_OUTPUT:
      return {hook: FIRST_POSTROUTING, packet}
    case NAT_POSTROUTING:
      return packet.out === 'lo' ? {hook: FIRST_FROM_OUTSIDE, packet: {...packet, in: 'lo', out: 'none'}} : {hook: END, packet}
    default:
      return {hook: hook + 1, packet}
  }
}
