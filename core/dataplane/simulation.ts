import type {Packet, Verdict} from '../net/packet.ts'
import type {ConditionedRules, PacketScope} from '../packets/rule-conditions.ts'

/**
 * A program as if it were on a node, to be asked what happens to packets, and what happens with one difference made in it.
 *
 * @typeParam Rule a rule as the data plane has it
 * @typeParam Difference a difference between a program and a node of the data plane
 */
export interface SimulatedProgram<Rule, Difference> extends ConditionedRules<Rule> {
  walk(packet: Packet): Verdict
  /** Rules that all walks have looked at so far, those of programs with a difference among them. */
  readonly looks: number
  /** The rules, list by list. A list that a difference does not change is the same object in both programs. */
  ruleLists(): Iterable<readonly Rule[]>
  /** Where packets are that a difference may be about; undefined when it cannot change any verdict. */
  scopeOf(difference: Difference): PacketScope<Rule> | undefined
  /** The program with one difference made in it. */
  with(difference: Difference): SimulatedProgram<Rule, Difference>
}
