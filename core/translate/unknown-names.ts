import type {NodeState} from '../dataplane/dataplane.ts'
import {namesAskedFor} from '../sets/list-sets.ts'
import {meant} from '../text/nearest.ts'
import {isCalled, type TranslationFilter} from './filter.ts'

/** A name that somebody asked for, and that nothing of the node has. */
export interface UnknownName {
  readonly kind: 'policy' | 'chain' | 'set'
  readonly name: string
  /** What to do: the name that was meant, where one is near. */
  readonly steps: readonly string[]
}

const where = {
  policy: 'See what is programmed: kubectl npm policies',
  chain: 'See what is programmed: kubectl npm translate -o wide',
  set: 'See all sets: kubectl npm sets',
} as const

/** The names of a filter that nothing of a node has: a mistyped one must not read as an empty answer. */
export function unknownNames(node: NodeState, {policy = [], chain = [], set = []}: TranslationFilter): UnknownName[] {
  const translation = node.translation()
  const unknown = (kind: UnknownName['kind'], name: string, known: Iterable<string>): UnknownName => ({
    kind,
    name,
    steps: [...meant(name, known), where[kind]],
  })
  const policies = new Set([...translation.policyOfChain.values()].flatMap(names => names.split('|')))
  // A policy that has no rules of its own is none on the node, and no mistake.
  for (const {metadata} of node.cluster?.policies ?? []) policies.add(`${metadata.namespace ?? 'default'}/${metadata.name}`)
  const lostPolicies = policy.filter(name => ![...policies].some(each => isCalled(each, name)))
  const spelled = (name: string) => (name.includes('/') ? policies : [...policies].map(each => each.slice(each.indexOf('/') + 1)))
  const lostChains = chain.filter(name => !translation.hasRuleList(name))
  const names = new Set([...translation.kernelSets].flatMap(kernel => translation.names.namesOf(kernel).map(each => each.name)))
  const isSet = (name: string) => translation.kernelSets.has(name) || [name, ...namesAskedFor(name)].some(each => names.has(each))
  const lostSets = set.filter(name => !isSet(name))
  return [
    ...lostPolicies.map(name => unknown('policy', name, spelled(name))),
    ...lostChains.map(name => unknown('chain', name, node.ruleLists)),
    ...lostSets.map(name => unknown('set', name, name.includes('=') ? labelsOf(names) : names)),
  ]
}

/** Of the unknown names of several nodes those that no node knows. */
export function commonNames(ofNodes: readonly (readonly UnknownName[])[]): readonly UnknownName[] {
  const [first = [], ...others] = ofNodes
  return first.filter(({kind, name}) => others.every(unknown => unknown.some(each => each.kind === kind && each.name === name)))
}

/** Labels as people write them: `app=web` of `podlabel-app:web`. */
export const labelsOf = (names: Iterable<string>): string[] =>
  [...names].flatMap(name => /^(?:podlabel|nslabel)-([^:]+):(.+)$/.exec(name)?.slice(1).join('=') ?? [])
