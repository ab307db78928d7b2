import {parseIpv4} from '../../net/ipv4.ts'
import type {Target} from '../iptables/model.ts'
import type {Passing} from './passing.ts'

/** What a rule's target does with a packet that matches the rule. */
export type Effect =
  /** The next rule follows. */
  | {readonly kind: 'nothing'}
  /** `accept` ends this table's chain only: the next hook follows. */
  | {readonly kind: 'accept' | 'drop' | 'return'}
  /** Another chain is entered. One that is entered by goto does not come back to the chain that named it. */
  | {readonly kind: 'chain'; readonly chain: string; readonly goto: boolean}
  /** The next rule follows, with a changed packet. */
  | {readonly kind: 'changed'; readonly packet: Passing}
  /** An address was translated, which ends this table's chain as `accept` does. */
  | {readonly kind: 'translated'; readonly packet: Passing}
  | {readonly kind: 'unknown'; readonly reason: string}

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

/** Whether a rule with this target does nothing to any packet, so that its conditions need not be known. */
export const isPassive = (target: Target | undefined): boolean =>
  !target || (target.kind === 'extension' && PASSIVE.has(target.name))

const NOTHING: Effect = {kind: 'nothing'}
const ACCEPT: Effect = {kind: 'accept'}
const DROP: Effect = {kind: 'drop'}
const RETURN: Effect = {kind: 'return'}

/**
 * What a target does with a packet. It neither knows the chains of the node nor decides where the walk goes on.
 *
 * Source: iptables-extensions(8); checked against packets on a real kernel.
 */
export function effectOf(target: Target | undefined, packet: Passing): Effect {
  if (!target) return NOTHING
  switch (target.kind) {
    case 'verdict':
      return target.verdict === 'DROP' ? DROP : target.verdict === 'ACCEPT' ? ACCEPT : RETURN
    case 'jump':
      return {kind: 'chain', chain: target.chain, goto: target.goto}
    case 'mark':
      return {kind: 'changed', packet: marked(packet, target.value, target.mask)}
    case 'extension':
      return extension(target.name, target.options, packet)
  }
}

function extension(name: string, options: string, packet: Passing): Effect {
  if (PASSIVE.has(name)) return NOTHING
  if (name === 'REJECT') return DROP
  if (name === 'DNAT') return translation(options, packet)
  // The connection's mark is not known, so restoring it may set any bit.
  if (name === 'CONNMARK') return options.includes('--restore-mark') ? withoutMark(packet) : NOTHING
  if (name === 'MARK') return withoutMark(packet)
  return {kind: 'unknown', reason: `what target ${name} does is not modelled`}
}

function translation(options: string, packet: Passing): Effect {
  const parts = /^--to-destination ([\d.]+)(?::(\d+))?$/.exec(options)
  const destination = parts && parseIpv4(parts[1] as string)
  if (!parts || destination === undefined || destination === null)
    return {kind: 'unknown', reason: `DNAT ${options} is not understood`}
  const port = parts[2] === undefined ? packet.port : Number(parts[2])
  return {kind: 'translated', packet: {...packet, destination, port, isTranslated: true}}
}

const withoutMark = (packet: Passing): Effect => ({kind: 'changed', packet: {...packet, knownMark: 0}})

/** Applies mark = (mark & ~mask) ^ value. Bits in the mask become known; unknown bits outside it stay unknown. */
const marked = (packet: Passing, value: number, mask: number): Passing => ({
  ...packet,
  mark: ((packet.mark & ~mask) ^ value) >>> 0,
  knownMark: (packet.knownMark | mask) >>> 0,
})
