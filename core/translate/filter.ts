import type {Term} from '../contract/common.ts'
import type {TranslatedPolicy, TranslatedRule} from '../contract/translation.ts'
import type {ProgrammedPolicy} from '../dataplane/dataplane.ts'
import type {Direction} from '../names/kernel-name.ts'

/** Selects a part of a translation. All given filters must match. */
export interface TranslationFilter {
  /** `namespace/name`, or a name in any namespace. */
  readonly policy?: string
  readonly chain?: string
  /** Kernel name or readable name of a set that the policy or rule uses. */
  readonly set?: string
  readonly direction?: Direction
}

const isTerm = (wanted: string) => (term: Term) =>
  term.set === wanted || term.name === wanted || term.name.split(' | ').includes(wanted)

function usesSet(rule: TranslatedRule, wanted: string): boolean {
  if ([...rule.sources, ...rule.destinations].some(isTerm(wanted))) return true
  return rule.port !== null && (wanted === `namedport:${rule.port}` || rule.source.includes(` ${wanted} `))
}

/** Whether a policy matches the filter's name, chain and direction. */
export function wantsPolicy({policy, chain, direction, ...rest}: ProgrammedPolicy, filter: TranslationFilter): boolean {
  if (filter.direction !== undefined && direction !== filter.direction) return false
  if (filter.chain !== undefined && chain !== filter.chain && !isV1Part(filter.chain, chain)) return false
  const {policy: wanted} = filter
  if (wanted === undefined) return true
  return [policy, ...(rest.candidates ?? [])].some(
    each => each === wanted || (!wanted.includes('/') && each.slice(each.indexOf('/') + 1) === wanted),
  )
}

/** Whether a chain is one of the several over which NPM v1 distributes a policy's rules. */
const isV1Part = (wanted: string, chain: string): boolean =>
  wanted.startsWith(`${chain}-`) && /-(?:PORT|FROM|TO|DROPS)$/.test(wanted)

/**
 * Reduces a policy to the rules that use a set.
 *
 * @returns the whole policy when its own selector uses the set, or no set is given; undefined when nothing in it uses the set
 */
export function narrowToSet(policy: TranslatedPolicy, set: string | undefined): TranslatedPolicy | undefined {
  if (set === undefined || policy.appliesTo.some(isTerm(set))) return policy
  const rules = policy.rules.filter(rule => usesSet(rule, set))
  return rules.length > 0 ? {...policy, rules} : undefined
}
