import type {LostPart, Target} from '../iptables/model.ts'
import {FORWARD_CHAIN} from '../npm/chain-names.ts'
import type {BuiltIn} from './hooks.ts'
import {connectionMarked, marked, spelledMark, withUnknownMark} from './marks.ts'
import type {Passing} from './passing.ts'
import {translate, translating} from './translation.ts'
import {withWritten, writtenIn} from './written-sets.ts'

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
  /** An address was translated, which ends this table's chain as `accept` does. The packet is one of these; mostly there is one. */
  | {readonly kind: 'translated'; readonly packets: readonly Passing[]}
  | {readonly kind: 'unknown'; readonly reason: string}

/** Targets that do not end the chain and change nothing that a later rule matches. */
const PASSIVE = new Set([
  'ACCOUNT',
  'AUDIT',
  'CHECKSUM',
  'CLASSIFY',
  'CONNSECMARK',
  'DSCP',
  'ECN',
  'FLOWOFFLOAD',
  'HL',
  'IDLETIMER',
  'LED',
  'LOG',
  'NFLOG',
  'RATEEST',
  'SECMARK',
  'TCPMSS',
  'TCPOPTSTRIP',
  'TEE',
  'TOS',
  'TRACE',
  'TTL',
  'ULOG',
])

/** Targets that hand the packet to a program, which decides about it. */
const HANDING_OVER: Readonly<Record<string, string>> = {
  NFQUEUE: 'hands it to a program on the node, which decides',
  QUEUE: 'hands it to a program on the node, which decides',
  TPROXY: 'hands it to a process on the node, if one listens there, and drops it else',
  SYNPROXY: 'answers in place of the receiver',
}

/** Whether a rule with this target does nothing to any packet, so that its conditions need not be known. */
export const isPassive = (target: Target | undefined): boolean =>
  !target ||
  (target.kind === 'extension' &&
    (PASSIVE.has(target.name) ||
      (target.name === 'CT' && !isUntracking(target)) ||
      (target.name === 'SET' && !CHANGING_SET.test(target.options))))

/** SET adds the packet to a set, takes it from one, or gives it the mark that a set has for it; priorities and queues change no verdict. */
const CHANGING_SET = /--(?:add-set|del-set|map-mark)\b/

/** Whether a target that is none of a save's chains is the name of one all the same: those of extensions are capitals and digits. */
export const isNameOfChain = (name: string): boolean => /[^A-Z0-9]/.test(name)

/** CT gives a connection a zone, a helper or a time limit, or keeps the packet from being one of any connection. */
export const isUntracking = ({name, options}: {readonly name: string; readonly options: string}): boolean =>
  name === 'NOTRACK' || (name === 'CT' && options.split(' ').includes('--notrack'))

const NOTHING: Effect = {kind: 'nothing'}
const ACCEPT: Effect = {kind: 'accept'}
const DROP: Effect = {kind: 'drop'}
const RETURN: Effect = {kind: 'return'}

/**
 * What a target does with a packet. It neither knows the chains of the node nor decides where the walk goes on.
 *
 * Source: iptables-extensions(8); checked against packets on a real kernel.
 *
 * @param hook the built-in chain in which the rule is met
 */
export function effectOf(target: Target | undefined, packet: Passing, hook: BuiltIn = FORWARD_CHAIN): Effect {
  if (!target) return NOTHING
  switch (target.kind) {
    case 'verdict':
      return target.verdict === 'DROP' ? DROP : target.verdict === 'ACCEPT' ? ACCEPT : RETURN
    case 'jump':
      return {kind: 'chain', chain: target.chain, goto: target.goto}
    case 'mark':
      return changed(marked(packet, target.value, target.mask))
    case 'extension':
      if (target.lost) return {kind: 'unknown', reason: lostReason(target.lost)}
      return isPassive(target) ? NOTHING : extension(target.name, target.options, packet, hook)
  }
}

/** Why a packet that comes to a part that is not whole has no verdict. */
const lostReason = ({part, state, reason}: LostPart): string =>
  `${part} ${/^(?:rules|other tables)/.test(part) ? 'are' : 'is'} not ${state === 'cut' ? 'whole' : 'in the input'}: ${reason}`

const changed = (packet: Passing): Effect => ({kind: 'changed', packet})

function extension(name: string, options: string, packet: Passing, hook: BuiltIn): Effect {
  if (translating.has(name)) {
    const translation = translate(name, options, packet, hook)
    return 'packets' in translation ? {kind: 'translated', ...translation} : {kind: 'unknown', ...translation}
  }
  switch (name) {
    case 'REJECT':
      return DROP
    case 'CONNMARK':
      return changed(connectionMarked(options, packet))
    case 'MARK':
      return changed(spelledMark(options, packet))
    case 'SET': {
      const written = {...packet, writtenSets: withWritten(packet.writtenSets, writtenIn(options))}
      return changed(options.includes('--map-mark') ? withUnknownMark(written) : written)
    }
    case 'HMARK':
      return changed(withUnknownMark(packet))
    case 'CT':
    case 'NOTRACK':
      // A packet that belongs to a connection already, on its way from the node to itself, stays with it.
      return packet.in === 'lo' ? NOTHING : changed({...packet, state: 'UNTRACKED'})
    default:
      return {
        kind: 'unknown',
        reason: isNameOfChain(name)
          ? `chain ${name}, which a rule leads to, is not in the input`
          : `target ${name} ${HANDING_OVER[name] ?? 'is not modelled'}`,
      }
  }
}
