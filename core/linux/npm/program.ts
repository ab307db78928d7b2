import type {Direction} from '../../names/kernel-name.ts'
import type {CompiledPolicy, Program} from '../../policy/program.ts'
import type {Match, Target} from '../iptables/model.ts'

/**
 * A program as iptables rules. They have the same shape as those read from a node, so that the same walk, comparison and
 * printing work on both.
 */

export interface ProgramRule {
  readonly chain: string
  /** In the order iptables-save prints; the comment is whole, though iptables keeps the first `KEPT_COMMENT_BYTES` of it. */
  readonly matches: readonly Match[]
  readonly target: Target
  /** `namespace/name`; absent for base rules. */
  readonly policy?: string
}

export interface LinuxPolicy extends CompiledPolicy {
  /** The chains of its own, with the jump that leads there and their rules in order. */
  readonly chains: readonly {
    readonly direction: Direction
    readonly chain: string
    readonly jump: ProgramRule
    readonly rules: readonly ProgramRule[]
  }[]
  /** NPM v1: the rules that it puts into the base chains. v1 has no chains of a policy. */
  readonly baseRules?: readonly ProgramRule[]
}

export interface LinuxProgram extends Program {
  readonly policies: readonly LinuxPolicy[]
  /** Azure NPM's base chains with their rules, policy jumps included, in the order NPM makes them. NPM v1 without policies has none. */
  readonly baseChains: ReadonlyMap<string, readonly ProgramRule[]>
  /** The rule that belongs into FORWARD where there are base chains. */
  readonly jump: ProgramRule
}

/** The part of a program that results from policies. */
export type LinuxPolicyPart = Pick<LinuxProgram, 'policies' | 'baseChains' | 'jump' | 'refusals'>
