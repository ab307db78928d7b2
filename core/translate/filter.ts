import type {Term} from '../contract/common.ts'
import type {TranslatedPolicy, TranslatedRule} from '../contract/translation.ts'
import type {ProgrammedPolicy} from '../dataplane/node-translation.ts'
import {withoutPolicyKind} from '../kubernetes/object-reference.ts'
import type {Direction} from '../names/kernel-name.ts'
import {namesAskedFor} from '../sets/list-sets.ts'

/** Selects a part of a translation. All given filters must match, and of each one of its names. */
export interface TranslationFilter {
  /** `namespace/name`, or names in any namespace. */
  readonly policy?: readonly string[]
  readonly chain?: readonly string[]
  /** Kernel names, readable names or labels of sets that the policy or rule uses. */
  readonly set?: readonly string[]
  readonly direction?: Direction
}

const isTerm = (wanted: ReadonlySet<string>) => (term: Term) =>
  wanted.has(term.set) || wanted.has(term.name) || term.name.split(' | ').some(name => wanted.has(name))

function usesSet(rule: TranslatedRule, wanted: ReadonlySet<string>): boolean {
  if ([...rule.sources, ...rule.destinations].some(isTerm(wanted))) return true
  if (rule.port === null) return false
  return wanted.has(`namedport:${rule.port}`) || [...wanted].some(name => rule.source.includes(` ${name} `))
}

/** Whether a policy, `namespace/name`, is called by a name, with its namespace or without. */
export function isCalled(policy: string, wanted: string): boolean {
  const name = withoutPolicyKind(wanted)
  return policy === wanted || policy === name || (!name.includes('/') && policy.slice(policy.indexOf('/') + 1) === name)
}

/** Whether a policy matches the filter's name, chain and direction. */
export function wantsPolicy({policy, chain, direction, ...rest}: ProgrammedPolicy, filter: TranslationFilter): boolean {
  if (filter.direction !== undefined && direction !== filter.direction) return false
  if (filter.chain && !filter.chain.some(wanted => chain === wanted || isV1Part(wanted, chain))) return false
  const {policy: wanted} = filter
  return !wanted || [policy, ...(rest.candidates ?? [])].some(each => wanted.some(name => isCalled(each, name)))
}

/** Whether a chain is one of the several over which NPM v1 distributes a policy's rules. */
const isV1Part = (wanted: string, chain: string): boolean =>
  wanted.startsWith(`${chain}-`) && /-(?:PORT|FROM|TO|DROPS)$/.test(wanted)

/**
 * Reduces a policy to the rules that use a set.
 *
 * @param asked names as of the filter
 * @returns the whole policy when its own selector uses one of the sets, or none is given; undefined when nothing in it uses any
 */
export function narrowToSets(policy: TranslatedPolicy, asked: readonly string[] | undefined): TranslatedPolicy | undefined {
  if (!asked) return policy
  const wanted = new Set(asked.flatMap(name => [name, ...namesAskedFor(name)]))
  if (policy.appliesTo.some(isTerm(wanted))) return policy
  const rules = policy.rules.filter(rule => usesSet(rule, wanted))
  return rules.length > 0 ? {...policy, rules} : undefined
}
