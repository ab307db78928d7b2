import {describe, expect, test} from 'vitest'
import {setKernelName} from '../../../../core/names/kernel-name.ts'
import {cidrSetNames, nestedSetNames} from '../../../../core/names/policy-set-name.ts'
import {setMeaning} from '../../../../core/names/set-name.ts'

/** On Windows Azure NPM names sets as on Linux. The ids were computed by another program. */
describe('the id of a set, of both generations, and what its name says', () => {
  test.each([
    ['empty-emptyhashset', 'ngnfz42mtqjbw8ffiwmj', 3530799710, {type: 'EmptySet'}],
    ['ns-kube-system', '6a3p993d8bfnt2uskj8v', 2064349730, {type: 'Namespace', namespace: 'kube-system'}],
    ['ns-a-b', '5p1qofsldzqixl0ibrq0', 4281945407, {type: 'Namespace', namespace: 'a-b'}],
    ['nslabel-all-namespaces', 'gcmk2hdba149zrugxkm4', 1639206293, {type: 'KeyLabelOfNamespace', key: 'all-namespaces'}],
    ['nslabel-env:', '20dqq6n3y8e6b4qzjkae', 1744316452, {type: 'KeyValueLabelOfNamespace', key: 'env', values: ['']}],
    [
      'podlabel-app.kubernetes.io/name:my-app',
      '1rsvwzicl7hp5qx71dci',
      1980112604,
      {type: 'KeyValueLabelOfPod', key: 'app.kubernetes.io/name', values: ['my-app']},
    ],
    ['podlabel-all-namespaces', '320vl570yvichazfa7w5', 1197912959, {type: 'KeyLabelOfPod', key: 'all-namespaces'}],
  ])('%s', (name, long, short, meaning) => {
    expect(setKernelName(name, 'sha256')).toBe(`azure-npm-${long}`)
    expect(setKernelName(name, 'fnv32a')).toBe(`azure-npm-${short}`)
    expect(setMeaning(name)).toEqual(meaning)
  })

  test.each([
    ['nestedlabel-shop/allow:app:web:api', '3y0xny12xkvhcnc99f20', {key: 'app', values: ['web', 'api']}],
    ['nestedlabel-shop/allow:app:api:web', '36ilg9bu5gqtqsr6v3n9', {key: 'app', values: ['api', 'web']}],
    ['nestedlabel-shop/allow:app::web', '2p69am0edzx5hq65og6j', {key: 'app', values: ['', 'web']}],
    [
      'nestedlabel-shop/allow:app.kubernetes.io/name:a:b:c',
      '11sjpxpezoh6ibp6ygn5',
      {key: 'app.kubernetes.io/name', values: ['a', 'b', 'c']},
    ],
  ])('%s', (name, long, {key, values}) => {
    expect(nestedSetNames('shop/allow', key, values, 'sha256')).toEqual([name])
    expect(setKernelName(name, 'sha256')).toBe(`azure-npm-${long}`)
    expect(setMeaning(name, 'shop/allow')).toEqual({type: 'NestedLabelOfPod', policy: 'shop/allow', key, values})
  })

  test.each([
    ['shop/allow', 'Ingress', 0, 0, 'cidr-allow:in-ns:shop-0-0IN', '5zqb5wabzc4ipqfccig8'],
    ['shop/allow', 'Egress', 2, 1, 'cidr-allow:in-ns:shop-2-1OUT', '17rrdbacxq7yucztvguw'],
    ['c-d/a-b', 'Ingress', 10, 3, 'cidr-a-b:in-ns:c-d-10-3IN', '5a85vj62f0k0sf7io05g'],
  ] as const)('the block of %s, %s, rule %i, peer %i', (policy, direction, rule, peer, name, long) => {
    expect(cidrSetNames(policy, {direction, rule, peer}, 'sha256')).toEqual([name])
    expect(setKernelName(name, 'sha256')).toBe(`azure-npm-${long}`)
    expect(setMeaning(name)).toEqual({type: 'CIDRBlocks', policy, rule, peer})
  })

  test('older spellings join with dashes, and may be ambiguous', () => {
    expect(setKernelName('nestedlabel-shop/allow-app:web:api', 'fnv32a')).toBe('azure-npm-3666042417')
    expect(setKernelName('cidr-allow-in-ns-shop-0-0IN', 'fnv32a')).toBe('azure-npm-1377768993')
    expect(setMeaning('cidr-x-in-ns-y-in-ns-z-0-0IN')).toEqual({type: 'CIDRBlocks'})
  })
})
