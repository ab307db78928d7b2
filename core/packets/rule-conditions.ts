import type {Packet} from '../net/packet.ts'
import type {RuleList} from '../policy/rule-list.ts'
import type {SetIndex} from '../sets/set-index.ts'

/** A set for which packets are generated; members as ipset prints them. */
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
  /** Whether the set contains ports and the rule matches the port, too. */
  readonly hasPort: boolean
}

/** A condition of a rule on destination ports. */
export interface PortCondition {
  readonly protocol: string
  /** Inclusive; absent for a rule that matches a whole protocol. */
  readonly range?: {readonly from: number; readonly to: number}
}

/** The conditions of a rule, the same for every data plane. */
export interface RuleConditions {
  readonly sets: readonly SetCondition[]
  /** Address blocks that the rule names directly, not through a set. */
  readonly blocks: readonly string[]
  readonly ports: readonly PortCondition[]
  /** Whether the rule belongs to one policy or matches sets. Other rules concern packets of many policies. */
  readonly isOfPolicy: boolean
}

/** Where to look for packets that something may concern, such as a difference between a program and a node. */
export interface PacketScope<Rule> {
  /** The addresses or blocks that it concerns; other packets keep their verdict. Undefined: any address. */
  readonly addresses?: readonly string[]
  /** The set that it concerns; for a list also `part`, the member. */
  readonly set?: string
  readonly part?: string
  /** The port that it concerns. */
  readonly port?: Pick<Packet, 'protocol' | 'port'>
  /** The rules that it concerns. */
  readonly rules?: RuleList<Rule>
}

/** The rules of a program with their conditions, the same for every data plane. */
export interface ConditionedRules<Rule> {
  readonly sets: SimulatedSets
  readonly index: SetIndex
  /** The lists that contain a set. */
  listsOf(set: string): readonly string[]
  rules(): Iterable<Rule>
  conditions(rule: Rule): RuleConditions
  /** The rule, such as a jump, that a packet must match before it reaches this one; undefined if there is not exactly one. */
  leader(rule: Rule): Rule | undefined
  /**
   * The rules that a rule leads to. For a rule that all packets reach, some rules of the policies behind it.
   *
   * @param most limit on the rules of each list
   */
  behind(rule: Rule, most: number): readonly Rule[]
}
