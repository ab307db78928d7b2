import type {Packet} from '../net/packet.ts'
import type {SetIndex} from '../sets/set-index.ts'

/** A set as packets are made for it: its members as texts. */
export interface SimulatedSet {
  readonly type: string
  readonly members: readonly string[]
}

/** Sets by kernel name. */
export interface SimulatedSets {
  get(name: string): SimulatedSet | undefined
  entries(): Iterable<[string, SimulatedSet]>
}

/** A condition that one end of a packet is in a set, or is not. */
export interface SetCondition {
  readonly set: string
  readonly side: 'src' | 'dst'
  readonly negated: boolean
  /** Whether the set is asked for the port, too. */
  readonly hasPort: boolean
}

/** Destination ports that a rule looks at. */
export interface PortCondition {
  readonly protocol: string
  /** Absent for a rule about all of a protocol. */
  readonly range?: {readonly from: number; readonly to: number}
}

/** What a rule looks at in a packet, whatever its data plane. */
export interface RuleConditions {
  readonly sets: readonly SetCondition[]
  /** Address blocks that it names by itself. */
  readonly blocks: readonly string[]
  readonly ports: readonly PortCondition[]
  /** Whether it stands among the rules of one policy, or looks at sets. Other rules are about packets of many policies. */
  readonly isOfPolicy: boolean
}

/** Where to look for packets that something may be about, such as a difference between a program and a node. */
export interface PacketScope<Rule> {
  /** Addresses or blocks that it is about; packets of others are judged as before. Undefined: any may be. */
  readonly addresses?: readonly string[]
  /** The set that it is in, and of a list the member that it is about. */
  readonly set?: string
  readonly part?: string
  /** The port that it is about. */
  readonly port?: Pick<Packet, 'protocol' | 'port'>
  /** The rules that it is about. */
  readonly rules?: readonly Rule[]
}

/** The rules of a program, whatever its data plane, and what they look at. */
export interface ConditionedRules<Rule> {
  readonly sets: SimulatedSets
  readonly index: SetIndex
  /** The lists that hold a set. */
  listsOf(set: string): readonly string[]
  rules(): Iterable<Rule>
  conditions(rule: Rule): RuleConditions
  /** The rule whose conditions a packet must meet before it comes to this one, if there is one such rule. */
  leader(rule: Rule): Rule | undefined
  /**
   * The rules that a rule leads to. Of a rule that all packets meet, some of those of the policies behind it.
   *
   * @param most of each list of rules behind it
   */
  behind(rule: Rule, most: number): readonly Rule[]
}
