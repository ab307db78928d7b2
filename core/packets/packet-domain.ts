import type {Verdict} from '../net/packet.ts'
import type {Bits} from './bits.ts'
import type {ServiceRange} from './services.ts'

/**
 * Packets that open connections, as a product of three sets. A sender and a receiver are an address each, which stands for all
 * addresses that whoever asks does not want to tell apart.
 */
export interface PacketDomain {
  /** IPv4 addresses; sets of senders are sets of indexes into this list. Neighbours that are alike make small sets. */
  readonly senders: readonly number[]
  readonly receivers: readonly number[]
  readonly services: readonly ServiceRange[]
}

/** For which ends of packets something holds. */
export interface EndTruth {
  /** Ends for which it holds or is unknown. */
  readonly possible: Bits
  /** Ends for which it holds. */
  readonly certain: Bits
}

/** Some of the packets to one receiver, all with the same verdict. */
export interface JudgedPackets extends ServiceRange {
  readonly senders: Bits
  readonly verdict: Verdict
  /** Where service translation sends them, if it does. An absent port is kept. */
  readonly translated?: {readonly destination: number; readonly port: number | undefined}
}

/** Walks all packets of a domain to one receiver at once. */
export interface PacketSetWalk {
  /**
   * @param receiver index in the domain
   * @returns every packet of the domain to this receiver, each in one part only; but of packets that may be sent on to several
   *   places one part for each place
   */
  judge(receiver: number): readonly JudgedPackets[]
  /**
   * The accepted packets to a receiver that may leave the node with another sender's address. Absent where a node changes none, and
   * without those that are sent on to another receiver.
   */
  masqueraded?(receiver: number): readonly Omit<JudgedPackets, 'verdict' | 'translated'>[]
  /**
   * Of a walk that was made like another one, on a node that differs in sets only: the packets that may be judged otherwise than in
   * that one. Absent, and undefined, where that may be any.
   */
  asking?(): AskingPackets | undefined
  /** On what the verdicts given so far rest that is not certain, each in a sentence. Absent where all that is walked is documented. */
  readonly doubts?: ReadonlySet<string>
}

/** The packets of a domain that come to rules which ask changed sets. All others are judged as before. */
export interface AskingPackets {
  /** By rule. */
  readonly rules: readonly AskingEnds[]
  /** Receivers for whom packets may be sent on to another address, about which nothing is said above. */
  readonly sentOn: Bits
}

/** The ends of packets that may come to one rule which asks a changed set. */
export interface AskingEnds {
  readonly senders: Bits
  readonly receivers: Bits
  /** Whether the set is asked for the sender's address. */
  readonly asksSender: boolean
  readonly asksReceiver: boolean
}
