import type {LabelExpression, LabelSelector} from '../kubernetes/objects.ts'
import type {Scheme} from '../names/hash.ts'
import {nestedSetNames} from '../names/policy-set-name.ts'
import {allNamespaces, distinct, type NamedSet, type SetCondition} from './named-set.ts'
import type {Semantics} from './program.ts'
import type {ReleaseFacts} from './release.ts'
import type {UnsupportedList} from './unsupported.ts'

/** What the terms of a selector depend on besides the selector. */
export interface SelectorContext {
  /** `namespace/name`; names of nested lists contain it. */
  readonly policy: string
  readonly scheme: Scheme
  readonly semantics: Semantics
  readonly release: ReleaseFacts
  readonly refusals: UnsupportedList
}

const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/

/** Whether Kubernetes accepts a text as the value of a label. Source: Kubernetes, labels and selectors, syntax. */
export const isLabelValue = (value: string): boolean => LABEL_VALUE.test(value)

/**
 * The set conditions of a pod selector, without the namespace: labels sorted by key, then expressions. Azure NPM writes labels in the
 * order of a Go map, which is random, so any order is correct.
 *
 * @param field of the selector in the policy; refusals name it
 */
export function podTerms(selector: LabelSelector, field: string, context: SelectorContext): SetCondition[] {
  const terms: SetCondition[] = labelsOf(selector).map(label => ({set: podLabelSet(label), negated: false}))
  for (const {key, values, negated} of readExpressions(selector, field, context)) {
    const [first, ...others] = values
    if (first === undefined) terms.push({set: {type: 'KeyLabelOfPod', name: `podlabel-${key}`}, negated})
    else if (others.length === 0) terms.push({set: podLabelSet(`${key}:${first}`), negated})
    else terms.push({set: nestedSet(key, values, context), negated})
  }
  return distinct(terms)
}

/**
 * The set conditions of a namespace selector. An expression with several values becomes several alternatives. With the semantics of
 * the API, `NotIn` excludes all of its values, so each alternative contains all of them.
 *
 * @param field of the selector in the policy; refusals name it
 * @returns alternatives, of which one must hold. When they are too many, a single one that names the sets of all
 */
export function namespaceTerms(selector: LabelSelector, field: string, context: SelectorContext): SetCondition[][] {
  const fixed: SetCondition[] = labelsOf(selector).map(label => ({set: namespaceLabelSet(label), negated: false}))
  const choices: SetCondition[][] = []
  for (const {key, values, negated} of readExpressions(selector, field, context)) {
    const terms = values.map(value => ({set: namespaceLabelSet(`${key}:${value}`), negated}))
    if (terms.length === 0) fixed.push({set: namespaceKeySet(key, context.semantics), negated})
    else if (terms.length === 1 || (negated && context.semantics === 'kubernetes')) fixed.push(...terms)
    else choices.push(terms)
  }
  if (choices.length === 0) return [fixed.length === 0 ? [{set: allNamespaces, negated: false}] : distinct(fixed)]
  const count = choices.reduce((product, terms) => product * terms.length, 1)
  if (count > MOST_SELECTORS) {
    context.refusals.add('TOO_MANY_RULES', field, `its values combine to ${count} rules`)
    return [distinct([...fixed, ...choices.flat()])]
  }
  const flat = choices.reduce<SetCondition[][]>((all, terms) => all.flatMap(some => terms.map(term => [...some, term])), [fixed])
  return flat.map(distinct)
}

/** Limit on alternatives of one namespace selector: a few lines may multiply to millions. Azure NPM has no limit. */
export const MOST_SELECTORS = 10_000

/** Limit on rules of one direction of a policy. Only combined values and ports come near it. Azure NPM has no limit. */
export const MOST_RULES = 50_000

/** The labels of `matchLabels` as `key:value`, sorted by key. */
export function labelsOf({matchLabels}: LabelSelector): readonly string[] {
  if (!matchLabels) return none
  const keys = Object.keys(matchLabels)
  return (keys.length > 1 ? keys.toSorted() : keys).map(key => `${key}:${matchLabels[key]}`)
}

const none: readonly never[] = []

/** The set of the pods with a label, given as `key:value`. */
export const podLabelSet = (label: string): NamedSet => ({type: 'KeyValueLabelOfPod', name: `podlabel-${label}`})

/** The list of the namespaces with a label, given as `key:value`. */
export const namespaceLabelSet = (label: string): NamedSet => ({type: 'KeyValueLabelOfNamespace', name: `nslabel-${label}`})

/** The set of a namespace label's key. Azure NPM confuses the key `all-namespaces` with the list of all namespaces. */
export function namespaceKeySet(key: string, semantics: Semantics): NamedSet {
  const set: NamedSet = {type: 'KeyLabelOfNamespace', name: `nslabel-${key}`}
  return set.name === allNamespaces.name && semantics === 'kubernetes' ? {...set, owner: 'label'} : set
}

function nestedSet(key: string, values: readonly string[], {policy, scheme, release}: SelectorContext): NamedSet {
  const type = 'NestedLabelOfPod'
  const names = nestedSetNames(policy, key, values, scheme)
  const nested = values.map(value => podLabelSet(`${key}:${value}`))
  if (!release.hasPolicyInNestedNames) return {type, name: names.at(-1) as string, nested}
  // The old spelling joins policy and key with a dash, and values that Kubernetes would refuse may contain a colon.
  return {type, name: names[0] as string, nested, owner: JSON.stringify([policy, key, ...values])}
}

/** An expression of a selector after validation. */
export interface ReadExpression {
  readonly key: string
  /** Empty for `Exists` and `DoesNotExist`. */
  readonly values: readonly string[]
  readonly negated: boolean
}

/** The valid expressions of a selector. The others become refusals. */
export function readExpressions(
  {matchExpressions}: LabelSelector,
  field: string,
  context: Pick<SelectorContext, 'semantics' | 'release' | 'refusals'>,
): readonly ReadExpression[] {
  if (!matchExpressions) return none
  const read: ReadExpression[] = []
  for (const [index, expression] of matchExpressions.entries()) {
    const place = `${field}.matchExpressions[${index}]`
    const values = readValues(expression, place, context)
    const negated = expression.operator === 'NotIn' || expression.operator === 'DoesNotExist'
    if (values) read.push({key: expression.key, values, negated})
  }
  return read
}

function readValues(
  {operator, values}: LabelExpression,
  field: string,
  context: Pick<SelectorContext, 'semantics' | 'release' | 'refusals'>,
): readonly string[] | undefined {
  const {refusals, semantics, release} = context
  if (operator === 'Exists' || operator === 'DoesNotExist') return []
  if (operator !== 'In' && operator !== 'NotIn') {
    refusals.add('BAD_SELECTOR', `${field}.operator`, `"${String(operator)}" is no operator of label selectors`)
    return undefined
  }
  if (!values || values.length === 0) {
    refusals.add('BAD_SELECTOR', `${field}.values`, `${operator} needs values`)
    return undefined
  }
  const isChecked = semantics === 'npm' && release.checksLabelValues
  const bad = isChecked ? values.findIndex(value => !isLabelValue(value)) : -1
  if (bad < 0) return values
  refusals.add('BAD_LABEL_VALUE', `${field}.values[${bad}]`, `"${values[bad]}" is not a legal label value`)
  return undefined
}
