import type {LabelSelector} from '../../../kubernetes/objects.ts'
import type {NamedSet, SetCondition} from '../../../policy/named-set.ts'
import {labelsOf, type ReadExpression, readExpressions, type SelectorContext} from '../../../policy/selectors.ts'
import {v1AllNamespaces, v1NamespaceLabel, v1Nested, v1PodLabel} from '../../../policy/v1-names.ts'

/** A selector as the terms of NPM v1's rules, and as the text in its comments. */
export interface V1Selector {
  readonly terms: readonly SetCondition[]
  readonly words: string
}

type Context = Pick<SelectorContext, 'semantics' | 'release' | 'refusals'>

/** Terms in the order of the rules, each with its text in comments. Comments sort these texts. */
type Labelled = readonly (readonly [SetCondition, string])[]

const sortedWords = (labelled: Labelled): string =>
  labelled
    .map(([, word]) => word)
    .toSorted()
    .join('-AND-')

const termsOf = (labelled: Labelled): SetCondition[] => labelled.map(([term]) => term)

function labelled(set: NamedSet, negated: boolean, word: string): readonly [SetCondition, string] {
  return [{set, negated}, word]
}

/**
 * Translates a pod selector. NPM v1 merges expressions with the same key and sign into one list of all their values, which
 * matches more pods than the expressions do.
 *
 * @param field path of the selector in the object
 * @param namespace the set and the name of the pods' namespace; absent beside a namespace selector
 */
export function v1PodSelector(
  selector: LabelSelector,
  field: string,
  context: Context,
  namespace?: {readonly set: NamedSet; readonly name: string},
): V1Selector {
  const own: SetCondition[] = namespace ? [{set: namespace.set, negated: false}] : []
  const inNamespace = namespace ? `ns-${namespace.name}` : 'ns-'
  const expressions = readExpressions(selector, field, context)
  const terms: Labelled = [
    ...labelsOf(selector).map(label => labelled(v1PodLabel(label), false, label)),
    ...expressions.filter(({values}) => values.length < 2).map(singleTerm),
    ...nestedTerms(expressions),
  ]
  if (terms.length === 0) return {terms: own, words: inNamespace}
  return {terms: [...own, ...termsOf(terms)], words: sortedWords(terms) + (namespace ? `-IN-${inNamespace}` : '')}
}

const sign = (negated: boolean): string => (negated ? '!' : '')

function singleTerm({key, values, negated}: ReadExpression): readonly [SetCondition, string] {
  const label = [key, ...values].join(':')
  return labelled(v1PodLabel(label), negated, sign(negated) + label)
}

function nestedTerms(expressions: readonly ReadExpression[]): Labelled {
  const lists = new Map<string, {readonly key: string; readonly negated: boolean; readonly values: string[]}>()
  for (const {key, values, negated} of expressions) {
    if (values.length < 2) continue
    const list = lists.get(sign(negated) + key)
    if (list) list.values.push(...values)
    else lists.set(sign(negated) + key, {key, negated, values: [...values]})
  }
  return [...lists.values()].map(({key, values, negated}) => {
    const set = v1Nested(key, values)
    return labelled(set, negated, sign(negated) + set.name)
  })
}

/**
 * Translates a namespace selector into its alternatives: one for each value of an expression, as in NPM v2.
 *
 * @param field path of the selector in the object
 * @param most limit on the number of alternatives; beyond it the policy is refused, and the result is one that names the sets of all
 */
export function v1NamespaceSelectors(selector: LabelSelector, field: string, context: Context, most: number): V1Selector[] {
  const labels = labelsOf(selector).map(label => namespaceTerm(label, false))
  const expressions = readExpressions(selector, field, context)
  const fixed = expressions.filter(({values}) => values.length < 2)
  const several = expressions.filter(({values}) => values.length >= 2)
  const count = several.reduce((product, {values}) => product * values.length, 1)
  const start: Labelled = [
    ...labels,
    ...fixed.map(({key, values, negated}) => namespaceTerm([key, ...values].join(':'), negated)),
  ]
  if (count > most) {
    context.refusals.add('TOO_MANY_RULES', field, `its values combine to ${count} rules`)
    const all = several.flatMap(({key, values, negated}) => values.map(value => namespaceTerm(`${key}:${value}`, negated)))
    return [{terms: termsOf([...start, ...all]), words: ''}]
  }
  const ways = several.reduce<Labelled[]>(
    (all, {key, values, negated}) =>
      all.flatMap(some => values.map(value => [...some, namespaceTerm(`${key}:${value}`, negated)])),
    [start],
  )
  return ways.map(terms =>
    terms.length === 0
      ? {terms: [{set: v1AllNamespaces, negated: false}], words: v1AllNamespaces.name}
      : {terms: termsOf(terms), words: sortedWords(terms)},
  )
}

const namespaceTerm = (label: string, negated: boolean): readonly [SetCondition, string] =>
  labelled(v1NamespaceLabel(label), negated, `ns-${sign(negated)}${label}`)
