import {test as property} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import {withDefaults} from '../../../core/kubernetes/api-defaults.ts'
import {policy} from '../../support/arbitrary-objects.ts'
import {objectsOf} from '../../support/linux/compare-programs.ts'

describe('a policy as an API server gives it out', () => {
  test('that came from one is given back itself', () => {
    const {policies} = objectsOf('real-npm/shop-sha256/cluster.json')
    expect(policies.length).toBeGreaterThan(0)
    for (const each of policies) expect(withDefaults(each)).toBe(each)
  })

  property.prop([policy])('needs no second serving', given => {
    const served = withDefaults(given)
    expect(withDefaults(served)).toBe(served)
  })

  property.prop([policy])('has nothing empty, and all that is filled in', given => {
    const {policyTypes, ingress, egress} = withDefaults(given).spec
    expect(policyTypes).not.toEqual([])
    expect([ingress, egress]).not.toContainEqual([])
    for (const {from, to, ports} of [...(ingress ?? []), ...(egress ?? [])] as {
      from?: []
      to?: []
      ports?: {protocol?: string}[]
    }[]) {
      expect([from, to, ports]).not.toContainEqual([])
      for (const {protocol} of ports ?? []) expect(protocol).toBeDefined()
    }
  })
})
