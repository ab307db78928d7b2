import type {Backend, Rule} from '../iptables/model.ts'

/** One rule that the packet matched, or the policy of a built-in chain. */
export interface Step {
  readonly table: string
  readonly chain: string
  /** 0 for the policy of a built-in chain. */
  readonly position: number
  readonly rule?: Rule
  /** Depth of the call stack: 0 for built-in chains. */
  readonly depth: number
  /** Whose rule it is. Present on nodes with rules of both back ends. */
  readonly backend?: Exclude<Backend, 'unknown'>
}

/** The steps so far, last one first. Branches of a walk share what they have in common. */
export interface Trail {
  readonly step: Step
  readonly before: Trail | undefined
  /** Whether it stands where sources are translated, behind all that judges the packet. */
  readonly isBehind: boolean
}

/**
 * The steps of a trail, first to last.
 *
 * @param hasSource whether the source was translated; without that, the rules that might have done it are no news
 */
export function stepsOf(trail: Trail | undefined, hasSource: boolean): Step[] {
  const steps: Step[] = []
  for (let last = trail; last; last = last.before) if (hasSource || !last.isBehind) steps.push(last.step)
  return steps.toReversed()
}
