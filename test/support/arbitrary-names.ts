import {fc} from '@fast-check/vitest'
import type {Direction} from '../../core/names/kernel-name.ts'
import {cidrSetNames, nestedSetNames} from '../../core/names/policy-set-name.ts'

/** Texts that look like the glue of a comment; all of them may stand inside a label. */
const glue = fc.constantFrom(
  'AND',
  'TO',
  'FROM',
  'IN-ns-x',
  'IN-ns',
  'ON-TCP',
  'ON',
  'TO-PORT-80',
  'PORT',
  'ALLOW',
  'DROP-ALL',
  'ns-x',
)
const piece = fc.oneof(glue, fc.stringMatching(/^[A-Za-z0-9]{1,6}$/))
const joined = (separators: string[]): fc.Arbitrary<string> =>
  fc
    .array(fc.tuple(piece, fc.constantFrom(...separators)), {minLength: 1, maxLength: 6})
    .map(parts => parts.map(([text, separator], index) => (index === 0 ? text : separator + text)).join(''))

const LABEL = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/
const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/

const qualified = joined(['-', '-', '-', '_', '.']).filter(text => LABEL.test(text))
const dnsLabel = fc.oneof(
  fc.stringMatching(DNS_LABEL).filter(text => text.length <= 20),
  fc.constantFrom('x', 'in-ns-x', 'a-in-ns-b', 'to', 'from-and-to', 'shop-1'),
)

/** Names as Kubernetes takes them. */
export const labelKey = fc.oneof(
  qualified,
  fc.tuple(fc.constantFrom('example.com', 'kubernetes.io', 'a.b-c.d'), qualified).map(parts => parts.join('/')),
)
export const labelValue = fc.oneof({weight: 9, arbitrary: qualified}, {weight: 1, arbitrary: fc.constant('')})
export const namespaceName = dnsLabel
const policyName = fc.array(dnsLabel, {minLength: 1, maxLength: 2}).map(parts => parts.join('.'))
export const policyKey = fc.tuple(namespaceName, policyName).map(parts => parts.join('/'))
export const portName = fc.constantFrom('http', 'dns-tcp', 'a1', 'to-and')

export interface Term {
  /** Prefixed, as NPM v2 hashes it. */
  readonly name: string
  readonly negated: boolean
}

const setName = fc.oneof(
  labelKey.map(key => `podlabel-${key}`),
  fc.tuple(labelKey, labelValue).map(([key, value]) => `podlabel-${key}:${value}`),
  labelKey.map(key => `nslabel-${key}`),
  fc.tuple(labelKey, labelValue).map(([key, value]) => `nslabel-${key}:${value}`),
  fc.constant('nslabel-all-namespaces'),
  fc
    .tuple(
      policyKey,
      labelKey,
      fc.array(labelValue, {minLength: 2, maxLength: 4}),
      fc.constantFrom('fnv32a' as const, 'sha256' as const),
    )
    .map(([policy, key, values, scheme]) => nestedSetNames(policy, key, values, scheme)[0] as string),
  fc
    .tuple(policyKey, fc.constantFrom<Direction>('Ingress', 'Egress'), fc.nat(20), fc.nat(20))
    .map(([policy, direction, rule, peer]) => cidrSetNames(policy, {direction, rule, peer}, 'sha256')[0] as string),
)

export const term: fc.Arbitrary<Term> = fc.record({name: setName, negated: fc.boolean()})
