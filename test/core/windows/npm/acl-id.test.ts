import {describe, expect, test} from 'vitest'
import {aclIdOf, aclOwner, isNpmAclId} from '../../../../core/windows/npm/acl-id.ts'

describe('the policy of an access rule', () => {
  test.each([
    ['azure-acl-shop-allow-web', 'shop', {kind: 'policy', policies: ['shop/allow-web']}],
    ['azure-acl-a-b-c', 'a', {kind: 'policy', policies: ['a/b-c']}],
    ['azure-acl-a-b-c', 'a-b', {kind: 'policy', policies: ['a-b/c']}],
    ['azure-acl-default-allow.v2', 'default', {kind: 'policy', policies: ['default/allow.v2']}],
    ['azure-acl-a-b-c', 'zzz', {kind: 'stale', rest: 'a-b-c'}],
    ['azure-acl-a-', 'a', {kind: 'stale', rest: 'a-'}],
    ['azure-acl-baseallowinswitch', 'shop', {kind: 'base', name: 'baseallowinswitch'}],
    ['azure-acl-baseazurewireserver', 'shop', {kind: 'base', name: 'baseazurewireserver'}],
    ['', 'shop', {kind: 'foreign'}],
    [undefined, 'shop', {kind: 'foreign'}],
    ['API34K', 'shop', {kind: 'foreign'}],
  ])('%s on a pod of %s', (id, namespace, owner) => expect(aclOwner(id, namespace)).toEqual(owner))

  test('without the pod it may be several, of which those count that exist', () => {
    expect(aclOwner('azure-acl-a-b-c', undefined)).toEqual({kind: 'policy', policies: ['a/b-c', 'a-b/c']})
    expect(aclOwner('azure-acl-a-b-c', undefined, policy => policy === 'a-b/c')).toEqual({kind: 'policy', policies: ['a-b/c']})
  })

  test('is found in the id that is made for it', () => {
    expect(aclIdOf('shop/allow-web')).toBe('azure-acl-shop-allow-web')
    expect(isNpmAclId(aclIdOf('shop/allow-web'))).toBe(true)
    expect(isNpmAclId(undefined)).toBe(false)
  })
})
