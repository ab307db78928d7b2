import type {LabelSelector, Labels} from './objects.ts'

/**
 * Whether a selector matches labels. An absent key matches `NotIn`, and an empty selector matches everything.
 * Source: Kubernetes API reference, LabelSelector.
 */
export function selects(selector: LabelSelector, labels: Labels = {}): boolean {
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) if (labels[key] !== value) return false
  for (const {key, operator, values = []} of selector.matchExpressions ?? []) {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined
    if (operator === 'In' && (value === undefined || !values.includes(value))) return false
    if (operator === 'NotIn' && value !== undefined && values.includes(value)) return false
    if (operator === 'Exists' && value === undefined) return false
    if (operator === 'DoesNotExist' && value !== undefined) return false
  }
  return true
}
