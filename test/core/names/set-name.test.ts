import {fc, test as propertyTest} from '@fast-check/vitest'
import {expect, test} from 'vitest'
import type {Direction} from '../../../core/names/kernel-name.ts'
import {cidrSetNames, nestedSetNames} from '../../../core/names/policy-set-name.ts'
import {type SetMeaning, setMeaning, setTypeFacts, setTypeOf, setTypes} from '../../../core/names/set-name.ts'
import {labelKey, labelValue, namespaceName, policyKey} from '../../support/arbitrary-names.ts'

interface Case {
  readonly name: string
  readonly policy?: string
  readonly meaning: SetMeaning
}

const cases: Case[] = [
  {name: 'ns-shop', meaning: {type: 'Namespace', namespace: 'shop'}},
  {name: 'ns-ns-shop', meaning: {type: 'Namespace', namespace: 'ns-shop'}},
  {name: 'nslabel-all-namespaces', meaning: {type: 'KeyLabelOfNamespace', key: 'all-namespaces'}},
  {name: 'nslabel-team', meaning: {type: 'KeyLabelOfNamespace', key: 'team'}},
  {
    name: 'nslabel-kubernetes.io/metadata.name:shop',
    meaning: {type: 'KeyValueLabelOfNamespace', key: 'kubernetes.io/metadata.name', values: ['shop']},
  },
  {name: 'podlabel-app', meaning: {type: 'KeyLabelOfPod', key: 'app'}},
  {name: 'podlabel-app:web', meaning: {type: 'KeyValueLabelOfPod', key: 'app', values: ['web']}},
  {name: 'podlabel-app:', meaning: {type: 'KeyValueLabelOfPod', key: 'app', values: ['']}},
  {name: 'podlabel-app:web:api', meaning: {type: 'KeyValueLabelOfPod'}},
  {name: 'namedport:http', meaning: {type: 'NamedPorts', port: 'http'}},
  {name: 'empty-emptyhashset', meaning: {type: 'EmptySet'}},
  {name: 'app:web', meaning: {type: 'Unknown'}},
  {name: '', meaning: {type: 'Unknown'}},
  // A list of several values, new, old and oldest, each without and with its policy.
  {name: 'nestedlabel-shop/p:app:web:api', meaning: {type: 'NestedLabelOfPod'}},
  {
    name: 'nestedlabel-shop/p:app:web:api',
    policy: 'shop/p',
    meaning: {type: 'NestedLabelOfPod', policy: 'shop/p', key: 'app', values: ['web', 'api']},
  },
  {name: 'nestedlabel-shop/p-app:web:api', meaning: {type: 'NestedLabelOfPod'}},
  {
    name: 'nestedlabel-shop/p-app:web:api',
    policy: 'shop/p',
    meaning: {type: 'NestedLabelOfPod', policy: 'shop/p', key: 'app', values: ['web', 'api']},
  },
  {
    name: 'nestedlabel-shop/p-example.com/app:web:api',
    policy: 'shop/p',
    meaning: {type: 'NestedLabelOfPod', policy: 'shop/p', key: 'example.com/app', values: ['web', 'api']},
  },
  {name: 'nestedlabel-shop/p-app:web:api', policy: 'shop/other', meaning: {type: 'NestedLabelOfPod'}},
  {name: 'nestedlabel-shop/pp-app:web:api', policy: 'shop/p', meaning: {type: 'NestedLabelOfPod'}},
  {name: 'nestedlabel-app:web:api', meaning: {type: 'NestedLabelOfPod', key: 'app', values: ['web', 'api']}},
  {name: 'nestedlabel-app:web:api', policy: 'shop/p', meaning: {type: 'NestedLabelOfPod', key: 'app', values: ['web', 'api']}},
  {
    name: 'nestedlabel-example.com/app:web:api',
    meaning: {type: 'NestedLabelOfPod', key: 'example.com/app', values: ['web', 'api']},
  },
  // A block, new, old and oldest.
  {name: 'cidr-p:in-ns:shop-0-1IN', meaning: {type: 'CIDRBlocks', policy: 'shop/p', rule: 0, peer: 1}},
  {name: 'cidr-p:in-ns:shop-12-0OUT', meaning: {type: 'CIDRBlocks', policy: 'shop/p', rule: 12, peer: 0}},
  {name: 'cidr-p:in-ns:shop-1-0-1IN', meaning: {type: 'CIDRBlocks', policy: 'shop-1/p', rule: 0, peer: 1}},
  {name: 'cidr-a-in-ns-b:in-ns:c-0-0IN', meaning: {type: 'CIDRBlocks', policy: 'c/a-in-ns-b', rule: 0, peer: 0}},
  {name: 'cidr-p-in-ns-shop-0-1IN', meaning: {type: 'CIDRBlocks', policy: 'shop/p', rule: 0, peer: 1}},
  {name: 'cidr-p-in-ns-shop-1-0-1IN', meaning: {type: 'CIDRBlocks', policy: 'shop-1/p', rule: 0, peer: 1}},
  {name: 'cidr-p-in-ns-shop-0OUT', meaning: {type: 'CIDRBlocks', policy: 'shop/p', rule: 0}},
  {name: 'cidr-a-in-ns-b-in-ns-c-0-0IN', meaning: {type: 'CIDRBlocks'}},
  // With the policy known, old names have one reading.
  {
    name: 'cidr-a-in-ns-b-in-ns-c-0-0IN',
    policy: 'c/a-in-ns-b',
    meaning: {type: 'CIDRBlocks', policy: 'c/a-in-ns-b', rule: 0, peer: 0},
  },
  {
    name: 'cidr-a-in-ns-b-in-ns-c-0-0IN',
    policy: 'b-in-ns-c/a',
    meaning: {type: 'CIDRBlocks', policy: 'b-in-ns-c/a', rule: 0, peer: 0},
  },
  {name: 'cidr-p-in-ns-shop-1-0IN', meaning: {type: 'CIDRBlocks', policy: 'shop/p', rule: 1, peer: 0}},
  {name: 'cidr-p-in-ns-shop-1-0IN', policy: 'shop-1/p', meaning: {type: 'CIDRBlocks', policy: 'shop-1/p', rule: 0}},
  {name: 'cidr-p-in-ns-shop-1-0IN', policy: 'other/p', meaning: {type: 'CIDRBlocks', policy: 'shop/p', rule: 1, peer: 0}},
  {name: 'cidr-something-else', meaning: {type: 'CIDRBlocks'}},
]

test.each(cases)('$name, policy $policy: $meaning', ({name, policy, meaning}) => {
  expect(setMeaning(name, policy)).toEqual(meaning)
})

test('every type of set is in a case above', () => {
  expect(new Set(cases.map(({meaning}) => meaning.type))).toEqual(new Set(setTypes))
})

test('prefixes are those by which types are told apart, and kinds fit the kernel types', () => {
  for (const [type, {prefix, kind, ipsetType}] of Object.entries(setTypeFacts)) {
    const name = `${prefix}x${type.startsWith('KeyValue') ? ':y' : ''}`
    expect(setTypeOf(name)).toBe(type)
    expect(kind === 'list').toBe(ipsetType === 'list:set')
  }
})

propertyTest.prop([policyKey, labelKey, fc.array(labelValue, {minLength: 2, maxLength: 4})])(
  'a list of several values is taken apart again, in the spellings that carry the policy',
  (policy, key, values) => {
    const meaning = {type: 'NestedLabelOfPod', policy, key, values}
    expect(setMeaning(nestedSetNames(policy, key, values, 'sha256')[0] as string, policy)).toEqual(meaning)
    expect(setMeaning(nestedSetNames(policy, key, values, 'fnv32a')[0] as string, policy)).toEqual(meaning)
  },
)

propertyTest.prop([policyKey, fc.constantFrom<Direction>('Ingress', 'Egress'), fc.nat(99), fc.nat(99)])(
  'a block is taken apart again',
  (policy, direction, rule, peer) => {
    const [name = ''] = cidrSetNames(policy, {direction, rule, peer}, 'sha256')
    expect(setMeaning(name)).toEqual({type: 'CIDRBlocks', policy, rule, peer})
    const [old = '', oldest = ''] = cidrSetNames(policy, {direction, rule, peer}, 'fnv32a')
    expect(setMeaning(old, policy)).toEqual({type: 'CIDRBlocks', policy, rule, peer})
    expect(setMeaning(oldest, policy)).toEqual({type: 'CIDRBlocks', policy, rule})
  },
)

propertyTest.prop([labelKey, labelValue, namespaceName])('a label is taken apart again', (key, value, namespace) => {
  expect(setMeaning(`podlabel-${key}`)).toEqual({type: 'KeyLabelOfPod', key})
  expect(setMeaning(`podlabel-${key}:${value}`)).toEqual({type: 'KeyValueLabelOfPod', key, values: [value]})
  expect(setMeaning(`nslabel-${key}`)).toEqual({type: 'KeyLabelOfNamespace', key})
  expect(setMeaning(`nslabel-${key}:${value}`)).toEqual({type: 'KeyValueLabelOfNamespace', key, values: [value]})
  expect(setMeaning(`ns-${namespace}`)).toEqual({type: 'Namespace', namespace})
})
