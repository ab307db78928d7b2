import type {Bits} from '../../packets/bits.ts'
import type {JudgedPackets} from '../../packets/packet-domain.ts'
import type {ServiceRange} from '../../packets/services.ts'
import type {Rule} from '../iptables/model.ts'
import type {Passing} from './passing.ts'
import type {ServiceTruth} from './service-truths.ts'
import type {Effect} from './target.ts'

/** What rules have done to packets. Equal ones are the same object. */
export interface State {
  /** The source is 0, and so is the destination unless it was translated. A port is the one after translation. */
  readonly packet: Passing
  readonly effects: Map<Rule, Done>
}

/** What a rule's target does, and the packets that come of it. */
export type Done = Effect & {readonly states?: readonly State[]}

/** Packets at one place of a walk. */
export interface Part extends ServiceRange {
  readonly senders: Bits
  readonly state: State
}

/** Where parts end. */
export interface Ends {
  accepted: Part[]
  dropped: Part[]
  unknown: Part[]
}

export function judgedPart({from, to, senders, state: {packet}}: Part, verdict: JudgedPackets['verdict']): JudgedPackets {
  const {isTranslated, destination, port} = packet
  return {from, to, senders, verdict, ...(isTranslated && {translated: {destination, port}})}
}

/** Puts a part into a list, joined with the one that differs from it in the senders only. */
export function join(parts: Part[], part: Part): void {
  for (let at = parts.length - 1; at >= 0; at--) {
    const other = parts[at] as Part
    if (other.state !== part.state || other.from !== part.from || other.to !== part.to) continue
    parts[at] = {...part, senders: other.senders.or(part.senders)}
    return
  }
  parts.push(part)
}

export function divided(parts: readonly Part[], isFirst: (part: Part) => boolean): [first: Part[], second: Part[]] {
  const first: Part[] = []
  const second: Part[] = []
  for (const part of parts) (isFirst(part) ? first : second).push(part)
  return [first, second]
}

export function byDestination(parts: readonly Part[], receiver: number): Map<number, Part[]> {
  const found = new Map<number, Part[]>()
  for (const part of parts) {
    const {isTranslated, destination} = part.state.packet
    const address = isTranslated ? destination : receiver
    const known = found.get(address)
    if (known) known.push(part)
    else found.set(address, [part])
  }
  return found
}

/** What a list of ranges and one range have in common. */
export function common(ranges: readonly ServiceTruth[], {from, to}: ServiceRange): ServiceTruth[] {
  const found: ServiceTruth[] = []
  for (const range of ranges)
    if (range.from <= to && range.to >= from) found.push({...range, from: Math.max(range.from, from), to: Math.min(range.to, to)})
  return found
}
