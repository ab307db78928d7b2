import type {RuleList} from '../policy/rule-list.ts'
import type {MemberDifference, SetDifference} from '../sets/set-difference.ts'

/** A rule and its place in its chain, from 1. */
export interface PlacedRule<Rule> {
  readonly rule: Rule
  readonly position: number
}

/** A rule that both sides have, at its place on either side. */
export interface RulePair<Rule> {
  readonly wanted: PlacedRule<Rule>
  readonly found: PlacedRule<Rule>
}

/**
 * A rule that only one side has, or whose comment differs. All rule and order differences of a chain together are an edit
 * script: take the rules at the wanted positions out, then insert those that are found at their positions. Rules that no
 * difference names keep their order.
 */
export interface RuleDifference<Rule> {
  readonly kind: 'rule'
  readonly chain: string
  /** `namespace/name` of the policy that the rule, or the chain, belongs to. */
  readonly policy?: string
  readonly wanted?: PlacedRule<Rule>
  readonly found?: PlacedRule<Rule>
  /**
   * Where the rule belongs on the side that does not have it, if all else there stays as it is: behind the rule at this
   * position, which both sides have. 0 for the start of the chain.
   */
  readonly behind?: number
}

/** Rules that both sides have, in another order. */
export interface OrderDifference<Rule> {
  readonly kind: 'order'
  readonly chain: string
  readonly policy?: string
  readonly pairs: readonly RulePair<Rule>[]
}

/** A chain that only one side has, with its rules. */
export interface ChainDifference<Rule> {
  readonly kind: 'chain'
  readonly chain: string
  readonly policy?: string
  readonly wanted?: RuleList<Rule>
  readonly found?: RuleList<Rule>
}

/** The rule that leads from a built-in chain to Azure NPM's: absent, too often, with other conditions, or at another place. */
export interface JumpDifference<Rule> {
  readonly kind: 'jump'
  readonly chain: string
  readonly wanted?: PlacedRule<Rule>
  readonly found?: PlacedRule<Rule>
  /** All rules of the chain on the node, where the jump stands at another place than asked for. */
  readonly around?: readonly Rule[]
}

/**
 * A difference between a program and a node, as data: what is wanted and what is found. What to say of it, what it does to a
 * program, and which operations remove it are functions of the data plane.
 *
 * @typeParam Rule a rule as the data plane has it
 */
export type Difference<Rule> =
  | MemberDifference
  | SetDifference
  | RuleDifference<Rule>
  | OrderDifference<Rule>
  | ChainDifference<Rule>
  | JumpDifference<Rule>

/** A difference of whatever data plane. */
export type AnyDifference = Difference<object>
