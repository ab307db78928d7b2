/** Tables, chains and rules as `iptables-save` prints them. A rule's conditions are plain data; the walk evaluates them. */

/** The mask of all 32 bits of a packet's mark. */
export const WHOLE_MARK = 0xffffffff

/** The iptables back end that printed a save. `unknown` when the header is missing or does not name one. */
export type Backend = 'nft' | 'legacy' | 'unknown'

/** A match on ports, 0 to 65535; both ends are included. */
export interface PortRange {
  readonly from: number
  /** Equal to `from` for a single port. */
  readonly to: number
  readonly negated: boolean
}

/** One condition of a rule. A packet matches the rule when all conditions hold. */
export type Match =
  | {readonly kind: 'protocol'; readonly protocol: string; readonly negated: boolean}
  | {readonly kind: 'address'; readonly side: 'src' | 'dst'; readonly block: string; readonly negated: boolean}
  | {readonly kind: 'interface'; readonly side: 'in' | 'out'; readonly name: string; readonly negated: boolean}
  | {readonly kind: 'ports'; readonly protocol: string; readonly source?: PortRange; readonly destination?: PortRange}
  | {readonly kind: 'set'; readonly set: string; readonly sides: string; readonly negated: boolean}
  | {readonly kind: 'mark'; readonly value: number; readonly mask: number; readonly negated: boolean}
  | {readonly kind: 'state'; readonly module: 'conntrack' | 'state'; readonly states: string; readonly negated: boolean}
  | {readonly kind: 'comment'; readonly text: string}
  /** Any other match with its options as printed. `module` is `fragment` for `-f`, and empty for damaged text. */
  | {readonly kind: 'extension'; readonly module: string; readonly options: string}

/** What happens to a packet that matches the rule. A rule without a target only counts packets. */
export type Target =
  | {readonly kind: 'verdict'; readonly verdict: 'ACCEPT' | 'DROP' | 'RETURN'}
  | {readonly kind: 'jump'; readonly chain: string; readonly goto: boolean}
  /** mark = (mark & ~mask) ^ value */
  | {readonly kind: 'mark'; readonly value: number; readonly mask: number}
  /** Any other target with its options as printed: REJECT, LOG, DNAT … */
  | {readonly kind: 'extension'; readonly name: string; readonly options: string; readonly lost?: LostPart}

/** A part of a save that is not whole. As a target it stands in place of rules that may follow and are not in the input. */
export interface LostPart {
  /** `chain AZURE-NPM`, `table nat`. */
  readonly part: string
  readonly state: 'cut' | 'absent'
  /** How this is known. */
  readonly reason: string
  /** What to do about it. */
  readonly next: string
}

/** One rule of a chain. */
export interface Rule {
  readonly chain: string
  /** Position in the chain, from 1. */
  readonly position: number
  /** Line in the dump, from 1. */
  readonly line: number
  /** The rule as printed, from `-A` on. */
  readonly source: string
  /** Packet counter. Present when the save was made with counters. */
  readonly packets?: number
  /** Byte counter. Present when the save was made with counters. */
  readonly bytes?: number
  readonly matches: readonly Match[]
  readonly target?: Target
}

/** One chain with its rules in order. */
export interface Chain {
  readonly name: string
  /** The policy; only built-in chains have one. */
  readonly policy?: string
  readonly packets?: number
  readonly bytes?: number
  /** Line of the declaration in the dump, from 1. */
  readonly line: number
  readonly rules: readonly Rule[]
}

/** One table with its chains. */
export interface Table {
  readonly name: string
  /** Line of the `*table` header in the dump, from 1. */
  readonly line: number
  /** In the order of the dump. */
  readonly chains: ReadonlyMap<string, Chain>
}
