/** Limit on the rules of all policies together, where nobody gives a smaller one. A node of 300 MB of rules has so many. */
const MOST_RULES_TOGETHER = 1_000_000

/** A policy and how many rules it has. */
interface Sized {
  /** `namespace/name` */
  readonly policy: string
  readonly rules: number
}

/**
 * Chooses which policies to leave out, so that the others together have no more rules than allowed: the largest first, and of
 * equal ones the last by name. A few policies of one author then cost nobody else an answer.
 *
 * @param most rules of all policies together
 */
export function largestLeftOut<Policy extends Sized>(
  policies: readonly Policy[],
  most = MOST_RULES_TOGETHER,
): ReadonlySet<Policy> {
  const leftOut = new Set<Policy>()
  let together = policies.reduce((sum, {rules}) => sum + rules, 0)
  if (together <= most) return leftOut
  const largestFirst = policies.toSorted((a, b) => b.rules - a.rules || (a.policy < b.policy ? 1 : -1))
  for (const policy of largestFirst) {
    if (together <= most) break
    leftOut.add(policy)
    together -= policy.rules
  }
  return leftOut
}

/** Why a policy is left out, as a refusal. */
export const leftOutRefusal = ({policy, rules}: Sized, most = MOST_RULES_TOGETHER) =>
  ({
    policy,
    code: 'TOO_MANY_RULES',
    field: 'spec',
    reason: `it has ${rules} rules, and all policies together have more than the ${most} that kubectl npm compiles here, so the largest are left out`,
    consequence: LEFT_OUT,
  }) as const

/** What a policy with too many rules means for an answer. */
export const LEFT_OUT = 'kubectl npm leaves the policy out, so what Azure NPM programs of it is not known here'
