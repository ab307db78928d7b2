import {parseMaskedIpv4} from '../../../net/ipv4.ts'
import {protocolHolds} from '../../../net/protocols.ts'
import type {Truth} from '../../../net/truth.ts'
import type {Passing} from '../passing.ts'
import {isAmong} from './addresses.ts'
import {type Condition, condition, constant, eachOption, type ModuleReader, negatable, type PacketField} from './condition.ts'
import type {Option} from './options.ts'

/** Whether the bits of a mark under a mask are a value. One known bit that differs is enough. */
export function markHolds({value, mask}: {value: number; mask: number}, mark: number, known: number): Truth {
  if (((mark ^ value) & mask & known) !== 0 || (value & ~mask) !== 0) return false
  return (mask & ~known) === 0 ? true : 'unknown'
}

/** The state as rules see it. What conntrack has not seen yet is of no connection: INVALID. */
const stateOf = ({state, isTracked}: Passing): string => (isTracked || state === 'UNTRACKED' ? state : 'INVALID')

/** Whether a connection is in one of several states: `NEW,DNAT`. */
export function stateHolds(states: string, packet: Passing): Truth {
  const {isTranslated, isSourceTranslated} = packet
  const state = stateOf(packet)
  // The usual case: the jump to Azure NPM's rules has one state.
  if (states === state) return true
  const wanted = states.split(',')
  if (wanted.includes(state)) return true
  if (wanted.includes('DNAT') && isTranslated) return true
  if (wanted.includes('SNAT') && isSourceTranslated) return true
  // The source of a new connection is translated last of all. What an older one went through is not known.
  return wanted.includes('SNAT') && state !== 'NEW' && state !== 'INVALID' ? 'unknown' : false
}

/** What a condition on states looks at. */
export const stateFields = (states: string): readonly PacketField[] =>
  /[DS]NAT/.test(states) ? ['state', 'translation'] : ['state']

/** Whether the kernel has no connection for a packet. */
const isUntracked = (packet: Passing): boolean => {
  const state = stateOf(packet)
  return state === 'UNTRACKED' || state === 'INVALID'
}

const tracked = (fields: readonly PacketField[], holds: (packet: Passing) => Truth, option: Option): Condition => {
  const inner = negatable(option, condition(fields, holds))
  return condition(['state', ...fields], (packet, sets) => {
    if (isUntracked(packet)) return true
    // Of a later packet it is not known which way it goes, and what was translated.
    return packet.isFirst ? inner.holds(packet, sets) : 'unknown'
  })
}

type AddressOf = (packet: Passing) => number
type PortOf = (packet: Passing) => number | undefined

const address =
  (field: PacketField, of: AddressOf) =>
  (option: Option): Condition | undefined => {
    const masked = parseMaskedIpv4(option.value)
    return masked && tracked([field], packet => isAmong(masked, of(packet)), option)
  }

const port =
  (field: PacketField, of: PortOf) =>
  (option: Option): Condition | undefined => {
    const [from, to = from] = option.value.split(':').map(Number)
    if (from === undefined || to === undefined || Number.isNaN(from + to)) return undefined
    return tracked(
      [field],
      packet => {
        const known = of(packet)
        return known === undefined ? 'unknown' : known >= from && known <= to
      },
      option,
    )
  }

/** The first packet of a connection is of none of these. `EXPECTED` connections are RELATED, not NEW. */
const STATUSES: ReadonlySet<string> = new Set(['EXPECTED', 'SEEN_REPLY', 'ASSURED', 'CONFIRMED'])

/** What opens a connection goes its way: the reply comes from where the packet goes now. */
const connectionOptions: ModuleReader = eachOption({
  ctstate: option =>
    negatable(
      option,
      condition(stateFields(option.value), packet => stateHolds(option.value, packet)),
    ),
  ctproto: option => tracked(['protocol'], ({protocol}) => protocolHolds(option.value.toLowerCase(), protocol), option),
  ctdir: option =>
    option.value === 'ORIGINAL' || option.value === 'REPLY' ? tracked([], () => option.value === 'ORIGINAL', option) : undefined,
  ctstatus: option => (option.value.split(',').every(each => STATUSES.has(each)) ? tracked([], () => false, option) : undefined),
  ctorigsrc: address('source', ({source}) => source),
  ctorigdst: address('original', ({original}) => original.destination),
  ctreplsrc: address('destination', ({destination}) => destination),
  ctrepldst: address('source', ({source}) => source),
  ctorigsrcport: port('sourcePort', ({sourcePort}) => sourcePort),
  ctorigdstport: port('original', ({original}) => original.port),
  ctreplsrcport: port('port', ({port}) => port),
  ctrepldstport: port('sourcePort', ({sourcePort}) => sourcePort),
})

/** For a packet without a connection the state alone is looked at, and without a condition on the state the match does not hold. */
export const conntrack: ModuleReader = options => {
  const all = connectionOptions(options)
  if (!all || options.some(({name}) => name === 'ctstate')) return all
  return {
    fields: sets => ['state', ...all.fields(sets)],
    holds: (packet, sets) => (isUntracked(packet) ? false : all.holds(packet, sets)),
  }
}

export const state: ModuleReader = eachOption({
  state: option =>
    negatable(
      option,
      condition(stateFields(option.value), packet => stateHolds(option.value, packet)),
    ),
})

function markAndMask(text: string): {value: number; mask: number} | undefined {
  const [value, mask = 0xffffffff] = text.split('/').map(Number)
  return value === undefined || Number.isNaN(value + mask) ? undefined : {value, mask}
}

export const mark: ModuleReader = eachOption({
  mark: option => {
    const wanted = markAndMask(option.value)
    return (
      wanted &&
      negatable(
        option,
        condition(['mark'], ({mark: is, knownMark}) => markHolds(wanted, is, knownMark)),
      )
    )
  },
})

/** The mark of the connection. Without a connection it does not hold, negated or not. */
export const connmark: ModuleReader = eachOption({
  mark: option => {
    const wanted = markAndMask(option.value)
    if (!wanted) return undefined
    const inner = negatable(
      option,
      condition(['connectionMark'], packet => markHolds(wanted, packet.connectionMark, packet.knownConnectionMark)),
    )
    return condition(['connectionMark', 'state'], (packet, sets) => (isUntracked(packet) ? false : inner.holds(packet, sets)))
  },
})

/** `--set` notes the address and holds always. What was noted before is not known. */
export const recent: ModuleReader = options => {
  const set = options.find(({name}) => name === 'set')
  return set ? constant(!set.negated) : undefined
}
