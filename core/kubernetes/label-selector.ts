import type {LabelSelector, Labels} from './objects.ts'

/**
 * Whether a selector matches labels. An absent key matches `NotIn`, and an empty selector matches everything.
 * Source: Kubernetes API reference, LabelSelector.
 */
export function selects(selector: LabelSelector, labels: Labels = {}): boolean {
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) if (labels[key] !== value) return false
  for (const expression of selector.matchExpressions ?? []) if (!holds(expression, labels)) return false
  return true
}

/**
 * Whether a selector matches something of which only some labels are known.
 *
 * @param known labels that are known; any other key may be there or not, with any value
 * @returns true or false when the known labels decide; else the first key that they lack
 */
export function selectsPartly(selector: LabelSelector, known: Labels): boolean | {readonly unknownKey: string} {
  let unknownKey: string | undefined
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    if (!Object.hasOwn(known, key)) unknownKey ??= key
    else if (known[key] !== value) return false
  }
  for (const expression of selector.matchExpressions ?? []) {
    if (!Object.hasOwn(known, expression.key)) unknownKey ??= expression.key
    else if (!holds(expression, known)) return false
  }
  return unknownKey === undefined ? true : {unknownKey}
}

function holds({key, operator, values = []}: NonNullable<LabelSelector['matchExpressions']>[number], labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    default:
      return value === undefined
  }
}
