import type {Where} from '../contract/common.ts'

/** Azure NPM's rules and the jump to them, numbered from 0 in the order in which the node's tool prints them. */
export interface RuleStructure {
  /** Each rule as printed, from `-A` on: without its counters. */
  readonly rules: readonly string[]
  /** Number of the rule that brings new connections, and nothing else, to Azure NPM. Null without one. */
  readonly jump: number | null
  /** Numbers of the rules that drop packets. */
  readonly drops: readonly number[]
  /** How many policies have a jump to their chain. Null for rules of NPM v1, whose policies share chains. */
  readonly policies: number | null
  /** Whether packets come to rules of Azure NPM at all. */
  readonly isActive: boolean
}

/** What the kernel has counted, by the number of a rule. */
export interface RuleCounters {
  /** The same object as that of the read before, while the rules are the same. */
  readonly structure: RuleStructure
  readonly packets: Float64Array
  readonly bytes: Float64Array
  /** Whether the text had counters. Without them all are 0. */
  readonly hasCounters: boolean
  /** A checksum of the other programs' rules in table filter, which may decide before Azure NPM's: equal while these are the same. */
  readonly otherRules: number
}

/** What the rules of a node had counted when it was read, and which rule each number is. */
export interface NodeCounters {
  readonly counters: RuleCounters
  /** The number of the rule at a place; undefined for one that nothing counts. */
  numberOf(where: Where): number | undefined
  /**
   * The number of the rule that sends packets to a policy's chain. Where policies collide in a chain, the one that names the policy.
   *
   * @param policy `namespace/name`
   */
  jumpTo(chain: string, policy: string): number | null
}
