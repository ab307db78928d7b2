import type {NetworkPolicy} from './objects.ts'

/**
 * The set names by which NPM v1 selects a policy's pods, sorted; negated ones start with `!`. The rules of v1 do not name their
 * policy, so a policy is found only by an equal target.
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

/** The directions of a policy, `Ingress` and `Egress`, with the API server's default if the object has none. */
export function policyTypes({spec}: NetworkPolicy): string[] {
  if (spec.policyTypes && spec.policyTypes.length > 0) return [...spec.policyTypes]
  return (spec.egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress']
}
