import type {Term} from '../contract/common.ts'
import type {TranslatedPolicy, TranslatedRule} from '../contract/translation.ts'
import type {ProgrammedPolicy} from '../dataplane/dataplane.ts'
import type {Direction} from '../names/kernel-name.ts'

/** What of a translation is wanted. All given filters must hold. */
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

/** Whether a policy is wanted, by name, chain and direction. */
export function wantsPolicy({policy, chain, direction, ...rest}: ProgrammedPolicy, filter: TranslationFilter): boolean {
  if (filter.direction !== undefined && direction !== filter.direction) return false
  if (filter.chain !== undefined && chain !== filter.chain && !isV1Part(filter.chain, chain)) return false
  const {policy: wanted} = filter
  if (wanted === undefined) return true
  return [policy, ...(rest.candidates ?? [])].some(
    each => each === wanted || (!wanted.includes('/') && each.slice(each.indexOf('/') + 1) === wanted),
  )
}

/** NPM v1 spreads a policy's rules over several chains. */
const isV1Part = (wanted: string, chain: string): boolean =>
  wanted.startsWith(`${chain}-`) && /-(?:PORT|FROM|TO|DROPS)$/.test(wanted)

/** A policy with the rules that use the wanted set; undefined when neither it nor any rule does. */
export function narrowToSet(policy: TranslatedPolicy, set: string | undefined): TranslatedPolicy | undefined {
  if (set === undefined || policy.appliesTo.some(isTerm(set))) return policy
  const rules = policy.rules.filter(rule => usesSet(rule, set))
  return rules.length > 0 ? {...policy, rules} : undefined
}
