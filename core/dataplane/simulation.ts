import type {IncompletePart} from '../contract/common.ts'
import type {Packet, Verdict} from '../net/packet.ts'
import type {ConditionedRules, PacketScope, RuleConditions} from '../packets/rule-conditions.ts'
import type {Cause} from './cause.ts'

/**
 * A node as it is, to be asked what happens to packets, and what would happen if some of what is wrong with it were repaired.
 *
 * @typeParam Rule a rule as the data plane has it
 * @typeParam Difference a difference between a program and a node of the data plane
 */
export interface SimulatedNode<Rule, Difference> extends ConditionedRules<Rule> {
  walk(packet: Packet): Verdict
  /** Rules that all walks have looked at so far, those of repaired nodes among them. */
  readonly looks: number
  /** The rules of Azure NPM, list by list. A list that no repair changes is the same object in all nodes. */
  ruleLists(): Iterable<readonly Rule[]>
  /** Conditions of other programs' rules that packets may meet before Azure NPM's. */
  foreignConditions(): readonly RuleConditions[]
  /** Where packets are that a difference may be about; undefined when it cannot change any verdict. */
  scopeOf(difference: Difference): PacketScope<Rule> | undefined
  /** Rules of other programs that a packet meets and that may decide about it, in the order in which it meets them. */
  foreignCauses(packet: Packet): readonly Cause[]
  /**
   * Parts of the input that are not whole, and on which the verdict of a packet of a connection between addresses rests. Whether its
   * destination is a service is left aside: policies judge the packet behind the service.
   */
  incompleteFor(packet: Packet): readonly IncompletePart[]
  /** The node with these repaired, and everything else as it is. */
  repaired(causes: readonly Cause[]): SimulatedNode<Rule, Difference>
}
