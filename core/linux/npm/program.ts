import type {Direction} from '../../names/kernel-name.ts'
import type {CompiledPolicy, Program} from '../../policy/program.ts'
import type {RuleList} from '../../policy/rule-list.ts'
import type {Match, Target} from '../iptables/model.ts'

/**
 * A program as iptables rules. They have the same types as rules parsed from a node, so that walking, comparing and printing
 * share their code.
 */

/** One rule of a program. */
export interface ProgramRule {
  readonly chain: string
  /** In the order of iptables-save. The comment is whole, although iptables keeps only its first `KEPT_COMMENT_BYTES`. */
  readonly matches: readonly Match[]
  readonly target: Target
  /** `namespace/name`; absent for base rules. */
  readonly policy?: string
}

/** One policy compiled to chains and rules. */
export interface LinuxPolicy extends CompiledPolicy {
  /** The policy's own chains, each with the jump to it and its rules in order. */
  readonly chains: readonly {
    readonly direction: Direction
    readonly chain: string
    readonly jump: ProgramRule
    readonly rules: RuleList<ProgramRule>
  }[]
  /** NPM v1: the policy's rules in the base chains. In v1 a policy has no chains of its own. */
  readonly baseRules?: RuleList<ProgramRule>
}

/** The sets, chains and rules that Azure NPM programs on one node. */
export interface LinuxProgram extends Program {
  readonly policies: readonly LinuxPolicy[]
  /** Their chains have no rules here, and no base chain has the jumps to them. */
  readonly leftOut: readonly LinuxPolicy[]
  /** Azure NPM's base chains with their rules, policy jumps included, in the order of creation. NPM v1 without policies has none. */
  readonly baseChains: ReadonlyMap<string, readonly ProgramRule[]>
  /** The jump in FORWARD. It is programmed only if there are base chains. */
  readonly jump: ProgramRule
}

/** The part of a program that results from policies. */
export type LinuxPolicyPart = Pick<LinuxProgram, 'policies' | 'leftOut' | 'baseChains' | 'jump' | 'refusals'>
