import {UNKNOWN_ADDRESS} from '../net/ipv4.ts'

/** Which end of a packet each dimension of a set looks at: the `src,dst` of a rule. */
export interface Sides {
  readonly text: string
  /** For each direction whether it is `src`. */
  readonly isSource: readonly boolean[]
}

const known = new Map<string, Sides>()

/** The directions of a rule, read once for each text. */
export function sidesOf(text: string): Sides {
  let sides = known.get(text)
  if (!sides) known.set(text, (sides = {text, isSource: text.split(',').map(each => each === 'src')}))
  return sides
}

/** What sets look at of a packet. */
export interface SetPacket {
  /** `UNKNOWN_ADDRESS` when it is not known. */
  readonly source: number
  readonly destination: number
  /** Its name, or its number as text. The empty string when it is not known. */
  readonly protocol: string
  /** Undefined when the port is not known, and for protocols without ports. */
  readonly port: number | undefined
  readonly sourcePort: number | undefined
  readonly mark?: number
  /** Bits of the mark whose value is known. */
  readonly knownMark?: number
  /** Whether it opens its connection: of ICMP, an echo request. */
  readonly isFirst?: boolean
}

/** A packet of which one address is known, to be asked about as the source. */
export const packetFrom = (source: number): SetPacket => ({
  source,
  destination: UNKNOWN_ADDRESS,
  protocol: '',
  port: undefined,
  sourcePort: undefined,
})

/** The fields of a packet that a set can look at. */
export type SetField = 'source' | 'destination' | 'protocol' | 'port' | 'sourcePort' | 'mark'

/** The address that a dimension looks at. */
export const addressAt = (packet: SetPacket, {isSource}: Sides, dimension: number): number =>
  isSource[dimension] ? packet.source : packet.destination
