import type {NetworkPolicy} from './objects.ts'

/**
 * The set names by which NPM v1 selects a policy's pods, negated ones behind an exclamation mark, sorted. v1's rules do
 * not name their policy; equal targets are the only way back to it.
 */
export function v1Target({metadata, spec}: NetworkPolicy): string[] {
  const names = [`ns-${metadata.namespace ?? 'default'}`]
  for (const [key, value] of Object.entries(spec.podSelector?.matchLabels ?? {})) names.push(`${key}:${value}`)
  for (const {key, operator, values = []} of spec.podSelector?.matchExpressions ?? []) {
    const sign = operator === 'NotIn' || operator === 'DoesNotExist' ? '!' : ''
    names.push(sign + [key, ...values].join(':'))
  }
  return [...new Set(names)].toSorted()
}

/** The directions a policy is about, with the API server's default for objects that never met it. */
export function policyTypes({spec}: NetworkPolicy): string[] {
  if (spec.policyTypes && spec.policyTypes.length > 0) return [...spec.policyTypes]
  return (spec.egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress']
}
