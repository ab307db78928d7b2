import {describe, expect, test} from 'vitest'
import {liveNode} from '../../../core/live/live-node.ts'
import {nodeNamed} from '../../support/dump-fixture.ts'
import {nodeOf} from '../../support/half-inputs.ts'

const shop = nodeNamed('real-npm/shop-sha256')

describe("a policy's pods on a node", () => {
  const podsOn = async (name: string) => {
    const node = (await nodeOf(shop, shop.rules, shop.sets)).with({node: name})
    const {policies} = liveNode(node, {at: '2026-01-01T00:00:00Z', sha256: () => ''})
    return policies.find(({policy, direction}) => policy === 'shop/default-deny' && direction === 'Ingress')?.pods
  }

  test('are those of the node of that name', async () => {
    const [system, user] = [await podsOn('aks-system-1'), await podsOn('aks-user-2')]
    expect(system).not.toEqual([])
    expect(user).not.toEqual([])
    expect(new Set([...(system ?? []), ...(user ?? [])]).size).toBe(5)
  })

  test('are not known on a machine that no object names: the rules were only loaded there', async () => {
    expect(await podsOn('laptop')).toBeNull()
  })
})
